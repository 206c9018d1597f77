package import NIOCore

/// What one connected device has been sent and what it has confirmed: a state machine without I/O.
///
/// Order is kept by a cursor, the highest message id handed to the connection. Live messages pass only while the session
/// has caught up with the store (`live`); otherwise they stay there and are read, oldest first, from behind the cursor.
/// The same rule serves a fresh connection, a full window and a connection that takes no more bytes.
package struct DeviceSession {
    package enum Flow: Equatable {
        /// Everything in the store up to the cursor was handed over; live messages may follow.
        case live
        /// There may be more in the store. `isFetching`: a page has been asked for. `hasNew`: a message came since.
        case behind(isFetching: Bool, hasNew: Bool)
    }

    /// A message that was written, and has to be confirmed or to arrive.
    private struct Unconfirmed {
        let message: MessageID
        /// Whether the device itself has to confirm it, and not just its connection that it arrived.
        let needsConfirmation: Bool
        let expires: NIODeadline
        var sentAt: Timestamp
        /// Whether the store knows that it was sent.
        var isRecorded: Bool
        var attempts: Int
        var resend: NIODeadline
    }

    package let device: DeviceNumber
    package private(set) var flow: Flow
    package private(set) var cursor = MessageID.zero
    private var unconfirmed: [Unconfirmed] = []
    /// Confirmed messages that had been written more than once, and how many more answers that may bring.
    private var echoes: [(message: MessageID, count: Int)] = []
    /// The oldest message that the device did not take, and when what is from there on is read again.
    private var givenBack: (message: MessageID, again: NIODeadline)?
    /// How often that was.
    private var returns = 0
    /// The oldest message behind the cursor that was found while a page was under way, and is not in it.
    private var missed: MessageID?
    /// Whether the cursor was put back, to where messages may be that were written and are not recorded yet.
    private var mustReread = false
    private let pingAfter: TimeAmount?
    private var lastHeard: NIODeadline
    private var pingedAt: NIODeadline?

    private static let mostEchoes = 16

    /// - Parameter pingAfter: after how long without a sign of life the device is asked for one, if not after the time
    ///   in the settings.
    package init(device: DeviceNumber, now: NIODeadline, pingAfter: TimeAmount? = nil) {
        self.device = device
        self.pingAfter = pingAfter
        flow = .behind(isFetching: false, hasNew: true)
        lastHeard = now
    }

    package var unconfirmedCount: Int { unconfirmed.count }

    // MARK: Sending

    /// Asks for the next page if the session is behind, has room and is not waiting for one.
    /// - Returns: whether to read from the store, from behind `cursor`.
    package mutating func shouldFetch(isWritable: Bool, settings: SessionSettings) -> Bool {
        guard case .behind(false, _) = flow, hasRoom(isWritable, settings) else { return false }
        flow = .behind(isFetching: true, hasNew: false)
        return true
    }

    /// A message was committed while the device is connected.
    /// - Returns: whether to write it now. If not, it was sent already or stays in the store.
    package mutating func offer(_ message: MessageID, isWritable: Bool, settings: SessionSettings) -> Bool {
        guard message > cursor else { return false }
        switch flow {
        case .behind(let isFetching, _):
            flow = .behind(isFetching: isFetching, hasNew: true)
            return false
        case .live:
            guard hasRoom(isWritable, settings) else {
                flow = .behind(isFetching: false, hasNew: true)
                return false
            }
            cursor = message
            return true
        }
    }

    /// The same for a message that waited for its time, and may be older than what was handed over.
    package mutating func offerLate(_ message: MessageID, isWritable: Bool, settings: SessionSettings) -> Bool {
        guard flow == .live, hasRoom(isWritable, settings) else {
            stepBack(to: message)
            return false
        }
        cursor = max(cursor, message)
        return true
    }

    /// Reads the store again from this message on.
    private mutating func stepBack(to message: MessageID) {
        wake()
        if case .behind(isFetching: true, _) = flow {
            missed = min(message, missed ?? message)
        } else {
            cursor = min(cursor, MessageID(message.rawValue - 1))
            mustReread = true
        }
    }

    /// Whether what was recorded has to be on disk before the store is read: asked once for each page.
    package mutating func takeReread() -> Bool {
        defer { mustReread = false }
        return mustReread
    }

    /// There is something new in the store for the device.
    package mutating func wake() {
        switch flow {
        case .live: flow = .behind(isFetching: false, hasNew: true)
        case .behind(let isFetching, _): flow = .behind(isFetching: isFetching, hasNew: true)
        }
    }

    /// The next message of a page that was asked for.
    /// - Returns: whether to write it now. If not, the rest of the page is to be dropped: it stays in the store.
    package mutating func admit(_ message: MessageID, isWritable: Bool, settings: SessionSettings) -> Bool {
        guard hasRoom(isWritable, settings) else { return false }
        cursor = max(cursor, message)
        return true
    }

    /// A page that was asked for has been dealt with.
    /// - Parameter isLast: whether all of it was admitted and the store had no more.
    package mutating func finishPage(isLast: Bool) {
        guard case .behind(_, let hasNew) = flow else { return }
        flow = isLast && !hasNew ? .live : .behind(isFetching: false, hasNew: true)
        if let message = missed.take() { stepBack(to: message) }
    }

    private func hasRoom(_ isWritable: Bool, _ settings: SessionSettings) -> Bool {
        isWritable && unconfirmed.count < settings.window
    }

    // MARK: Confirmation

    /// Remembers that a message that needs confirmation was written.
    /// - Parameter isRecorded: whether the store is being told at once.
    package mutating func awaitConfirmation(
        of message: MessageID, for lifetime: TimeAmount, sentAt: Timestamp, isRecorded: Bool, now: NIODeadline,
        settings: SessionSettings
    ) {
        unconfirmed.append(
            Unconfirmed(
                message: message, needsConfirmation: true, expires: now + lifetime, sentAt: sentAt,
                isRecorded: isRecorded, attempts: 1, resend: now + settings.resendDelay(attempt: 1)))
    }

    /// Remembers that a message was written on a connection that tells what arrived.
    package mutating func awaitArrival(
        of message: MessageID, for lifetime: TimeAmount, sentAt: Timestamp, now: NIODeadline
    ) {
        unconfirmed.append(
            Unconfirmed(
                message: message, needsConfirmation: false, expires: now + lifetime, sentAt: sentAt, isRecorded: false,
                attempts: 1, resend: .distantFuture))
    }

    /// A message reached the device.
    /// - Returns: when it was sent, if the store has not been told.
    package mutating func arrived(_ message: MessageID) -> Timestamp? {
        guard let index = unconfirmed.firstIndex(where: { $0.message == message }) else { return nil }
        let entry = unconfirmed[index]
        if entry.needsConfirmation {
            unconfirmed[index].isRecorded = true
        } else {
            remove(at: index)
        }
        return entry.isRecorded ? nil : entry.sentAt
    }

    private mutating func remove(at index: Int) {
        unconfirmed.remove(at: index)
        if unconfirmed.isEmpty { unconfirmed = [] }  // an idle session holds no buffer
    }

    package enum Confirmation: Equatable {
        /// It was waited for since `sentAt`. `isRecorded`: whether the store has been told that it was sent.
        case expected(sentAt: Timestamp, isRecorded: Bool)
        /// It answers a message that was written more than once and has been confirmed.
        case echo
        /// It was not waited for: sent on an earlier connection, confirmed before, or not the device's own.
        case unexpected
    }

    /// The device confirmed a message, or read it.
    package mutating func confirm(_ message: MessageID) -> Confirmation {
        guard let index = unconfirmed.firstIndex(where: { $0.message == message }) else {
            return takeEcho(of: message) ? .echo : .unexpected
        }
        let entry = unconfirmed[index]
        remove(at: index)
        if entry.attempts > 1 {
            if echoes.count == Self.mostEchoes { echoes.removeFirst() }
            echoes.append((message, entry.attempts - 1))
        }
        return .expected(sentAt: entry.sentAt, isRecorded: entry.isRecorded)
    }

    /// The device does not take a message now. It makes room for others, stays in the store, and comes again later, ever
    /// more seldom.
    package mutating func giveBack(_ message: MessageID, now: NIODeadline, settings: SessionSettings) {
        guard let index = unconfirmed.firstIndex(where: { $0.message == message }) else { return }
        remove(at: index)
        let again = givenBack?.again ?? now + settings.resendDelay(attempt: returns + 1)
        givenBack = (min(message, givenBack?.message ?? message), again)
    }

    /// Passes over what is waited for already, when the store is read again.
    /// - Returns: whether the message is.
    package mutating func passesOver(_ message: MessageID) -> Bool {
        guard unconfirmed.contains(where: { $0.message == message }) else { return false }
        cursor = max(cursor, message)
        return true
    }

    private mutating func takeEcho(of message: MessageID) -> Bool {
        guard let index = echoes.firstIndex(where: { $0.message == message }) else { return false }
        echoes[index].count -= 1
        if echoes[index].count == 0 { echoes.remove(at: index) }
        return true
    }

    /// The store is to be told that a message was sent.
    /// - Returns: when, or nil if it knows or the message was confirmed meanwhile.
    package mutating func takeUnrecordedSent(_ message: MessageID) -> Timestamp? {
        guard let index = unconfirmed.firstIndex(where: { $0.message == message && !$0.isRecorded }) else {
            return nil
        }
        unconfirmed[index].isRecorded = true
        return unconfirmed[index].sentAt
    }

    /// All sent messages of which the store does not know, when a connection ends that does not tell what arrived.
    package func unrecordedSent() -> [(message: MessageID, sentAt: Timestamp)] {
        unconfirmed.filter { $0.needsConfirmation && !$0.isRecorded }.map { ($0.message, $0.sentAt) }
    }

    /// A message asked for again by `due` was written again.
    package mutating func didResend(_ message: MessageID, now: NIODeadline, settings: SessionSettings) {
        guard let index = unconfirmed.firstIndex(where: { $0.message == message }) else { return }
        unconfirmed[index].attempts += 1
        unconfirmed[index].isRecorded = true
        unconfirmed[index].resend = now + settings.resendDelay(attempt: unconfirmed[index].attempts)
    }

    /// A message asked for again by `due` could not be written now.
    package mutating func putOff(_ message: MessageID, now: NIODeadline, _ settings: SessionSettings) {
        guard let index = unconfirmed.firstIndex(where: { $0.message == message }) else { return }
        unconfirmed[index].resend = now + settings.resendAfter
    }

    /// A message asked for again is not open any more: nothing more is to be awaited.
    package mutating func forget(_ message: MessageID) {
        unconfirmed.removeAll { $0.message == message }
    }

    // MARK: Time

    package mutating func heard(at now: NIODeadline) {
        lastHeard = now
        pingedAt = nil
    }

    package enum DueAction: Equatable {
        case ping
        case close
        /// Read these again and send those that are still open.
        case resend([MessageID])
        /// A message expires before the store was told that it was sent.
        case recordSent(MessageID, at: Timestamp)
    }

    /// What time has made due.
    package mutating func due(at now: NIODeadline, settings: SessionSettings) -> [DueAction] {
        var actions: [DueAction] = []
        if let pingedAt {
            if now >= pingedAt + settings.pingTimeout { return [.close] }
        } else if now >= lastHeard + (pingAfter ?? settings.pingAfter) {
            pingedAt = now
            actions.append(.ping)
        }
        for entry in unconfirmed where entry.expires <= now && !entry.isRecorded && entry.needsConfirmation {
            actions.append(.recordSent(entry.message, at: entry.sentAt))
        }
        unconfirmed.removeAll { $0.expires <= now }
        if let back = givenBack, back.again <= now {
            givenBack = nil
            returns = min(returns + 1, 30)
            stepBack(to: back.message)
        }
        var again: [MessageID] = []
        for index in unconfirmed.indices where unconfirmed[index].resend <= now {
            again.append(unconfirmed[index].message)
            // Until the store answers; then `didResend` or `forget` settles it.
            unconfirmed[index].resend = now + settings.longestResend
        }
        if !again.isEmpty { actions.append(.resend(again)) }
        return actions
    }

    /// When `due` has to be asked next.
    package func nextDeadline(settings: SessionSettings) -> NIODeadline {
        var deadline = pingedAt.map { $0 + settings.pingTimeout } ?? (lastHeard + (pingAfter ?? settings.pingAfter))
        for entry in unconfirmed { deadline = min(deadline, entry.resend, entry.expires) }
        if let givenBack { deadline = min(deadline, givenBack.again) }
        return deadline
    }
}
