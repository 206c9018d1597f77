import NIOCore

/// One client's connection without its I/O: in which order notifications are handed over, and what ends it.
///
/// Nothing is ever said about success. So that a client can rely on silence, an error is told only when all before it has
/// been accepted, it names the notification in question, and nothing behind that one is handed over any more.
struct LegacySession: Sendable {
    enum Action: Equatable, Sendable {
        /// Hand it to the backend, and say with this number what came of it.
        case accept(LegacyNotification, number: Int)
        /// Send the packet, then close.
        case sendError(LegacyErrorPacket)
        case close(Reason)
    }

    /// Why a connection ends without a packet.
    enum Reason: Equatable, Sendable {
        /// The client ended it.
        case ended
        /// The client ended it in the middle of a frame.
        case truncated
        /// There is an error, but no identifier to tell it with.
        case failed(LegacyStatus)
    }

    private struct Entry {
        let number: Int
        let identifier: UInt32?
        /// nil while the backend has not said.
        var result: Result<Void, LegacyGatewayError>?
    }

    private enum State {
        case open
        /// Nothing more is handed over: an error waits for what is before it.
        case ending
        case closed
    }

    private let settings: LegacyGatewaySettings
    private var decoder: LegacyFrameDecoder
    private var state = State.open
    private var hasInputEnded = false
    /// What was handed over, oldest first, and at most one failure behind that.
    private var entries = CircularBuffer<Entry>()
    private var nextNumber = 0
    /// The identifier of the last notification that was accepted, if that had one.
    private var lastAccepted: UInt32?

    init(_ settings: LegacyGatewaySettings) {
        self.settings = settings
        decoder = LegacyFrameDecoder(payloadLimit: settings.payloadLimit)
    }

    /// Whether to read on: the backend keeps up, or what comes is thrown away.
    var wantsInput: Bool {
        state != .open || entries.count < settings.window || decoder.isIdle
    }

    /// Whether the client has begun a frame and keeps us waiting for the rest.
    var awaitsRestOfFrame: Bool {
        state == .open && !decoder.isIdle && entries.count < settings.window
    }

    var isClosed: Bool { state == .closed }

    mutating func receive(_ bytes: ByteBuffer) {
        guard state == .open else { return }
        decoder.append(bytes)
    }

    /// The client will send nothing more. What it sent is still handed over.
    mutating func endInput() {
        hasInputEnded = true
    }

    /// Ends the connection when all that was handed over is accepted, and tells the client how far that is.
    mutating func drain() {
        guard state == .open else { return }
        end(.unavailable, nil)
    }

    /// The backend says what came of a notification, in any order.
    mutating func settle(_ number: Int, _ result: Result<Void, LegacyGatewayError>) {
        guard let first = entries.first, number >= first.number, number < nextNumber else { return }
        entries[entries.index(entries.startIndex, offsetBy: number - first.number)].result = result
        if case .failure = result, state == .open { state = .ending }
    }

    /// What to do next, or nil if that depends on what comes.
    mutating func next() -> Action? {
        guard state != .closed else { return nil }
        while true {
            if let action = takeSettled() { return action }
            guard state == .open, entries.count < settings.window else { return nil }
            do throws(LegacyFrameDecoder.Failure) {
                guard let notification = try decoder.next() else { return endOfInput() }
                if let action = take(notification) { return action }
            } catch {
                end(.rejected(error.status), error.identifier)
            }
        }
    }

    /// - Returns: nil if the notification is refused.
    private mutating func take(_ notification: LegacyNotification) -> Action? {
        guard let notification = usable(notification) else {
            end(.rejected(.processingError), notification.identifier)
            return nil
        }
        return .accept(notification, number: append(notification.identifier, nil))
    }

    private func usable(_ notification: LegacyNotification) -> LegacyNotification? {
        var notification = notification
        switch LegacyPayload.judge(notification.payload, settings.payloadMode) {
        case .valid: break
        case .invalid: return nil
        case .repaired(let payload):
            notification.payload = payload
            notification.isRepaired = true
        }
        // Apple: it is an error to use priority 10 for a notification that only has content-available.
        let isHasty = notification.priority == 10 && LegacyPayload.isSilent(notification.payload)
        return settings.payloadMode == .strict && isHasty ? nil : notification
    }

    private mutating func end(_ error: LegacyGatewayError, _ identifier: UInt32?) {
        state = .ending
        _ = append(identifier, .failure(error))
    }

    private mutating func append(_ identifier: UInt32?, _ result: Result<Void, LegacyGatewayError>?) -> Int {
        defer { nextNumber += 1 }
        entries.append(Entry(number: nextNumber, identifier: identifier, result: result))
        return nextNumber
    }

    private mutating func takeSettled() -> Action? {
        while let first = entries.first, let result = first.result {
            entries.removeFirst()
            switch result {
            case .success: lastAccepted = first.identifier
            case .failure(let error): return close(error, first.identifier)
            }
        }
        return nil
    }

    private mutating func endOfInput() -> Action? {
        guard hasInputEnded, entries.isEmpty else { return nil }
        state = .closed
        return .close(decoder.isIdle ? .ended : .truncated)
    }

    private mutating func close(_ error: LegacyGatewayError, _ identifier: UInt32?) -> Action {
        state = .closed
        entries.removeAll()
        switch error {
        case .rejected(let status): return close(status, identifier)
        case .unavailable where lastAccepted != nil: return close(.shutdown, lastAccepted)
        // To name the first that was not accepted says as much as to name the last that was.
        case .unavailable: return close(identifier == nil ? .shutdown : .processingError, identifier)
        }
    }

    private func close(_ status: LegacyStatus, _ identifier: UInt32?) -> Action {
        guard let identifier = identifier ?? (settings.answersWithoutIdentifier ? 0 : nil) else {
            return .close(.failed(status))
        }
        return .sendError(LegacyErrorPacket(status: status, identifier: identifier))
    }
}
