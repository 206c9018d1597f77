import CoreMetrics
import NIOCore

/// What devices say, and what their connections tell of them.
extension SessionShard {
    /// Something was heard of the device. It is called for each read, before what was read is taken.
    package func heard(_ handle: SessionHandle) {
        guard isCurrent(handle) else { return }
        slots[Int(handle.slot)].session.heard(at: backend.clock.uptime)
    }

    /// The device says something of a message.
    package func confirm(_ handle: SessionHandle, _ message: MessageID, _ receipt: Receipt) {
        eventLoop.assertInEventLoop()
        guard isCurrent(handle), let transport = slots[Int(handle.slot)].transport else { return }
        let device = slots[Int(handle.slot)].session.device
        let now = backend.clock.now
        var receipt = receipt
        var unrecordedSentAt: Timestamp?
        switch slots[Int(handle.slot)].session.confirm(message) {
        case .expected(let sentAt, let isRecorded):
            if !isRecorded { unrecordedSentAt = sentAt }
            backend.metrics.confirmSeconds.recordMilliseconds(now.milliseconds - sentAt.milliseconds)
            if receipt == .acknowledged { receipt = .received }
        case .echo:
            if receipt == .acknowledged { receipt = .received }
        case .unexpected:
            // Devices may say anything; what nobody waits for is not worth a queue without end.
            guard !backend.isCongested else { return }
        }
        var change = DeliveryChange(message, device, receipt, at: now)
        change.sentAt = unrecordedSentAt
        change.route = transport.route
        changes.append(change)
    }

    /// The device does not take a message now.
    package func giveBack(_ handle: SessionHandle, _ message: MessageID) {
        eventLoop.assertInEventLoop()
        guard isCurrent(handle) else { return }
        slots[Int(handle.slot)].session.giveBack(message, now: backend.clock.uptime, settings: backend.settings)
        schedule(handle)
    }

    /// Messages reached the device, as its connection tells.
    package func arrived(_ handle: SessionHandle, _ messages: some Sequence<MessageID>) {
        eventLoop.assertInEventLoop()
        guard isCurrent(handle), let transport = slots[Int(handle.slot)].transport else { return }
        for message in messages {
            guard let sentAt = slots[Int(handle.slot)].session.arrived(message) else { continue }
            changes.append(.sent(message, slots[Int(handle.slot)].session.device, transport.route, at: sentAt))
        }
    }

    /// Messages written on an earlier connection of the device reached it, as it tells on a new one. To be called before
    /// it is attached.
    package func arrivedEarlier(_ device: DeviceNumber, _ messages: some Sequence<MessageID>, by route: Route) {
        eventLoop.assertInEventLoop()
        let now = backend.clock.now
        backend.record(messages.map { .sent($0, device, route, at: now) }, sent: [])
    }

    /// All that was read at once has been taken.
    package func didRead(_ handle: SessionHandle) {
        recordChanges()
        fetch(handle)
    }

    package func becameWritable(_ handle: SessionHandle) {
        fetch(handle)
    }
}
