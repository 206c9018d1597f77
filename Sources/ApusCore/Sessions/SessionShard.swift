import CoreMetrics
package import NIOCore

/// All sessions of one event loop.
///
/// It runs what the session state machines decide: writes to transports, asks the store, records what happened. One
/// visit from another thread serves many sessions, and each connection is flushed once per visit.
// SAFETY: every mutable member is touched on `eventLoop` only; the methods assert it.
package final class SessionShard: @unchecked Sendable {
    /// A deadline in the wheel. It counts only while it is the slot's.
    private struct Alarm {
        let handle: SessionHandle
        let deadline: NIODeadline
    }

    struct Slot {
        var generation: UInt32 = 0
        var session: DeviceSession
        var transport: (any DeviceTransport)?
        /// The deadline that stands in the wheel for it.
        var wheelDeadline: NIODeadline = .distantFuture
        var needsFlush = false
    }

    package let index: Int
    package let eventLoop: any EventLoop
    unowned let backend: any SessionBackend
    private let settings: SessionSettings
    var slots: [Slot] = []
    private var free: [Int32] = []
    private var wheel: TimingWheel<Alarm>
    private var isStopping = false
    private var unflushed: [Int32] = []
    var changes: [DeliveryChange] = []
    private var sent: [SentGroup] = []
    /// Sent messages whose confirmation is awaited for a moment before `sent` is written; oldest first.
    private var unrecorded = CircularBuffer<(handle: SessionHandle, message: MessageID, due: NIODeadline)>()
    private var ticker: RepeatedTask?

    private static let tick = TimeAmount.milliseconds(100)

    package init(index: Int, eventLoop: any EventLoop, backend: any SessionBackend) {
        self.index = index
        self.eventLoop = eventLoop
        self.backend = backend
        settings = backend.settings
        wheel = TimingWheel(tick: Self.tick, buckets: 1024, start: backend.clock.uptime)
    }

    /// Lets time pass for the shard's sessions from now on.
    package func start() {
        eventLoop.execute {
            self.ticker = self.eventLoop.scheduleRepeatedTask(initialDelay: Self.tick, delay: Self.tick) { _ in
                self.advance()
            }
        }
    }

    package var sessionCount: Int { slots.count - free.count }
    /// Deadlines that stand in the wheel, those included that do not count any more.
    package var alarmCount: Int { wheel.count }

    // MARK: Connections

    /// A device is connected: what is pending for it follows, then what comes.
    /// - Returns: nil if the server is stopping; the transport is told so.
    package func attach(_ device: DeviceNumber, _ transport: any DeviceTransport) -> SessionHandle? {
        eventLoop.assertInEventLoop()
        guard !isStopping else {
            transport.close(.stopping(comeBackAfter: ReconnectSpread.earliest))
            return nil
        }
        let now = backend.clock.uptime
        let session = DeviceSession(device: device, now: now, pingAfter: transport.pingAfter)
        let index: Int32
        if let last = free.popLast() {
            index = last
            slots[Int(index)].session = session
        } else {
            index = Int32(slots.count)
            slots.append(Slot(session: session))
        }
        slots[Int(index)].transport = transport
        slots[Int(index)].wheelDeadline = .distantFuture
        let handle = SessionHandle(slot: index, generation: slots[Int(index)].generation)
        let reference = SessionReference(shard: self.index, handle: handle)
        if let older = backend.directory.replace(device, with: reference) { backend.close(older, .replaced) }
        schedule(handle)
        fetch(handle, afterCommit: true)
        return handle
    }

    /// The device's connection is gone.
    package func detach(_ handle: SessionHandle) {
        eventLoop.assertInEventLoop()
        guard isCurrent(handle) else { return }
        let slot = Int(handle.slot)
        let device = slots[slot].session.device
        backend.directory.remove(device, SessionReference(shard: index, handle: handle))
        if let transport = slots[slot].transport {
            // What may not have arrived stays unsent.
            for (message, sentAt) in slots[slot].session.unrecordedSent() where !transport.reportsArrival {
                changes.append(.sent(message, device, transport.route, at: sentAt))
            }
            recordChanges()
        }
        backend.stranded(device)
        slots[slot].transport = nil
        slots[slot].session = DeviceSession(device: device, now: backend.clock.uptime)  // holds no memory
        slots[slot].generation &+= 1
        free.append(handle.slot)
    }

    package func close(_ handle: SessionHandle, _ reason: SessionCloseReason) {
        eventLoop.assertInEventLoop()
        guard isCurrent(handle), let transport = slots[Int(handle.slot)].transport else { return }
        detach(handle)
        transport.close(reason)
    }

    /// Closes every session, and takes no more.
    package func stop(_ spread: ReconnectSpread) {
        eventLoop.assertInEventLoop()
        isStopping = true
        ticker?.cancel()
        for slot in slots.indices where slots[slot].transport != nil {
            close(
                SessionHandle(slot: Int32(slot), generation: slots[slot].generation),
                .stopping(comeBackAfter: spread.delay(of: slot, among: slots.count)))
        }
    }

    func isCurrent(_ handle: SessionHandle) -> Bool {
        slots.indices.contains(Int(handle.slot)) && slots[Int(handle.slot)].generation == handle.generation
    }

    // MARK: What the store has for them

    /// Takes a batch's outcome: answers go out, and messages to connected devices.
    package func take(_ outbox: ShardOutbox) {
        eventLoop.assertInEventLoop()
        for answer in outbox.answers {
            answer.operation.receiver.accepted(answer.result, token: answer.operation.token)
        }
        // One message reaches each device once: writing and flushing together touches its memory once.
        let flushesAtOnce = outbox.messages.count == 1
        var forms = EncodedForms()
        var current = -1
        for handOver in outbox.handOvers where isCurrent(handOver.handle) {
            if handOver.message != current {
                current = handOver.message
                forms = EncodedForms()
            }
            let message = outbox.messages[handOver.message]
            let slot = Int(handOver.handle.slot)
            guard let transport = slots[slot].transport else { continue }
            let isTaken =
                message.sendAt == nil
                ? slots[slot].session.offer(message.id, isWritable: transport.isWritable, settings: settings)
                : slots[slot].session.offerLate(message.id, isWritable: transport.isWritable, settings: settings)
            if isTaken {
                send(message, to: handOver.handle, transport, wasSent: false, &forms, flushing: flushesAtOnce)
            } else {
                fetch(handOver.handle)
            }
        }
        for handle in outbox.wakes where isCurrent(handle) {
            slots[Int(handle.slot)].session.wake()
            fetch(handle)
        }
        for answer in outbox.pending { take(answer) }
        flush()
        if !outbox.handOvers.isEmpty {
            backend.metrics.handOverSeconds.recordNanoseconds((backend.clock.uptime - outbox.committed).nanoseconds)
        }
        recordChanges()
    }

    private func take(_ answer: PendingAnswer) {
        let handle = answer.request.handle
        guard isCurrent(handle), let transport = slots[Int(handle.slot)].transport else { return }
        switch (answer.request.query, answer.content) {
        case (.page, .unreadable): close(handle, .unreadable)
        case (.page, .unregistered): close(handle, .unregistered)
        case (.page(_, let limit), .deliveries(let deliveries)):
            takePage(deliveries, limit, handle, transport)
        case (.again(let messages), .deliveries(let open)):
            takeAgain(messages, open, handle, transport)
        case (.again(let messages), _):
            for message in messages {
                slots[Int(handle.slot)].session.putOff(message, now: backend.clock.uptime, settings)
            }
            schedule(handle)
        }
    }

    private func takePage(
        _ deliveries: [PendingDelivery], _ limit: Int, _ handle: SessionHandle, _ transport: any DeviceTransport
    ) {
        let slot = Int(handle.slot)
        var isComplete = deliveries.count < limit
        for delivery in deliveries where !slots[slot].session.passesOver(delivery.message.id) {
            guard
                slots[slot].session.admit(delivery.message.id, isWritable: transport.isWritable, settings: settings)
            else {
                isComplete = false
                break
            }
            var forms = EncodedForms()
            send(delivery.message, to: handle, transport, wasSent: delivery.wasSent, &forms)
        }
        slots[slot].session.finishPage(isLast: isComplete)
        fetch(handle)
    }

    private func takeAgain(
        _ messages: [MessageID], _ stillOpen: [PendingDelivery], _ handle: SessionHandle,
        _ transport: any DeviceTransport
    ) {
        let slot = Int(handle.slot)
        for delivery in stillOpen {
            guard transport.isWritable else {
                slots[slot].session.putOff(delivery.message.id, now: backend.clock.uptime, settings)
                continue
            }
            var forms = EncodedForms()
            transport.write(delivery.message, forms: &forms, flushing: false)
            markUnflushed(slot)
            slots[slot].session.didResend(delivery.message.id, now: backend.clock.uptime, settings: settings)
            changes.append(
                .sent(delivery.message.id, slots[slot].session.device, transport.route, at: backend.clock.now))
            backend.metrics.resent.increment()
        }
        for message in messages where !stillOpen.contains(where: { $0.message.id == message }) {
            slots[slot].session.forget(message)
        }
        schedule(handle)
        fetch(handle)
    }

    private func send(
        _ message: Message, to handle: SessionHandle, _ transport: any DeviceTransport, wasSent: Bool,
        _ forms: inout EncodedForms, flushing: Bool = false
    ) {
        let slot = Int(handle.slot)
        let now = backend.clock.now
        transport.write(message, forms: &forms, flushing: flushing)
        // The write itself may find that the connection is gone. The message then stays unsent.
        guard isCurrent(handle) else { return }
        if !flushing { markUnflushed(slot) }
        guard message.needsConfirmation || transport.reportsArrival else {
            noteSent(message.id, slots[slot].session.device, transport.route, at: now)
            return
        }
        let uptime = backend.clock.uptime
        let lifetime = TimeAmount.milliseconds(message.expiresAt.milliseconds - now.milliseconds)
        guard message.needsConfirmation else {
            slots[slot].session.awaitArrival(of: message.id, for: lifetime, sentAt: now, now: uptime)
            if slots[slot].wheelDeadline > uptime + lifetime { schedule(handle) }
            return
        }
        // The next of its key may come at any time, and is to find what the device has got.
        let isRecorded = wasSent || (message.content.collapseKey != nil && !transport.reportsArrival)
        slots[slot].session.awaitConfirmation(
            of: message.id, for: lifetime, sentAt: now, isRecorded: isRecorded, now: uptime, settings: settings)
        if isRecorded {
            changes.append(.sent(message.id, slots[slot].session.device, transport.route, at: now))
        } else if !transport.reportsArrival {
            unrecorded.append((handle, message.id, uptime + settings.sentDelay))
        }
        if slots[slot].wheelDeadline > uptime + min(settings.resendAfter, lifetime) { schedule(handle) }
    }

    func fetch(_ handle: SessionHandle, afterCommit: Bool = false) {
        guard isCurrent(handle), let transport = slots[Int(handle.slot)].transport else { return }
        let slot = Int(handle.slot)
        guard slots[slot].session.shouldFetch(isWritable: transport.isWritable, settings: settings) else { return }
        let mustCommit = slots[slot].session.takeReread() || afterCommit
        let room = max(min(settings.pageSize, settings.window - slots[slot].session.unconfirmedCount), 1)
        let request = PendingRequest(
            shard: index, handle: handle, device: slots[slot].session.device,
            query: .page(after: slots[slot].session.cursor, limit: room))
        backend.fetch(request, afterCommit: mustCommit)
    }

    private func markUnflushed(_ slot: Int) {
        guard !slots[slot].needsFlush else { return }
        slots[slot].needsFlush = true
        unflushed.append(Int32(slot))
    }

    private func flush() {
        for slot in unflushed {
            slots[Int(slot)].needsFlush = false
            slots[Int(slot)].transport?.flush()
        }
        unflushed.removeAll(keepingCapacity: unflushed.count < 1024)
    }

    func recordChanges() {
        guard !changes.isEmpty || !sent.isEmpty else { return }
        backend.record(changes, sent: sent)
        changes.removeAll(keepingCapacity: changes.count < 1024)
        sent.removeAll()
    }

    private static let largestSentGroup = 256

    private func noteSent(_ message: MessageID, _ device: DeviceNumber, _ route: Route, at now: Timestamp) {
        if let last = sent.last, last.message == message, last.route == route,
            last.devices.count < Self.largestSentGroup
        {
            sent[sent.count - 1].devices.append(device)
        } else {
            sent.append(SentGroup(message: message, route: route, at: now, devices: [device]))
        }
    }

    // MARK: Time

    /// Does what time has made due. Called at each tick; a test calls it after it moved its clock.
    package func advance() {
        eventLoop.assertInEventLoop()
        let now = backend.clock.uptime
        while let first = unrecorded.first, first.due <= now {
            unrecorded.removeFirst()
            noteUnconfirmed(first.handle, first.message)
        }
        for alarm in wheel.advance(to: now) where isCurrent(alarm.handle) {
            // An earlier deadline took this one's place.
            guard slots[Int(alarm.handle.slot)].wheelDeadline == alarm.deadline else { continue }
            if alarm.deadline > now { wheel.add(alarm, at: alarm.deadline) } else { runDue(alarm.handle, now) }
        }
        flush()
        recordChanges()
    }

    /// Tells the store at once of everything that was written, also of what was given a moment to be confirmed.
    func recordSent() {
        eventLoop.assertInEventLoop()
        while let first = unrecorded.popFirst() { noteUnconfirmed(first.handle, first.message) }
        recordChanges()
    }

    private func noteUnconfirmed(_ handle: SessionHandle, _ message: MessageID) {
        guard isCurrent(handle), let transport = slots[Int(handle.slot)].transport,
            let sentAt = slots[Int(handle.slot)].session.takeUnrecordedSent(message)
        else { return }
        changes.append(.sent(message, slots[Int(handle.slot)].session.device, transport.route, at: sentAt))
    }

    private func runDue(_ handle: SessionHandle, _ now: NIODeadline) {
        let slot = Int(handle.slot)
        guard let transport = slots[slot].transport else { return }
        slots[slot].wheelDeadline = .distantFuture
        for action in slots[slot].session.due(at: now, settings: settings) {
            switch action {
            case .ping:
                transport.ping()
            case .close:
                close(handle, .unresponsive)
                return
            case .recordSent(let message, let sentAt):
                changes.append(.sent(message, slots[slot].session.device, transport.route, at: sentAt))
            case .resend(let messages):
                backend.fetch(
                    PendingRequest(
                        shard: index, handle: handle, device: slots[slot].session.device, query: .again(messages)),
                    afterCommit: true)
            }
        }
        schedule(handle)
        fetch(handle)
    }

    func schedule(_ handle: SessionHandle) {
        guard isCurrent(handle) else { return }
        let deadline = slots[Int(handle.slot)].session.nextDeadline(settings: settings)
        guard deadline < slots[Int(handle.slot)].wheelDeadline else { return }
        slots[Int(handle.slot)].wheelDeadline = deadline
        wheel.add(Alarm(handle: handle, deadline: deadline), at: deadline)
    }
}
