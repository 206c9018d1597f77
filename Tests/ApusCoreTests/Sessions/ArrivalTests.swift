import ApusCore
import ApusTestKit
import NIOCore
import Testing

/// Connections that tell what reached their device, and devices that answer with nothing but a message's id.
@Suite("A session that hears what arrived")
struct ArrivalTests {
    private let ann = DeviceNumber(1)

    private func ids(_ numbers: Int64...) -> [MessageID] { numbers.map { MessageID($0) } }

    /// A device that has caught up.
    private func connected(
        _ fixture: ShardFixture, reportsArrival: Bool = true, at time: TimeAmount = .zero
    ) -> (RecordingTransport, SessionHandle) {
        let device = RecordingTransport()
        device.reportsArrival = reportsArrival
        let handle = fixture.attach(ann, device)
        fixture.answer([])
        return (device, handle)
    }

    // MARK: Without confirmation

    @Test("records a message as sent when it arrived, with the time it was written")
    func sentOnArrival() {
        let fixture = ShardFixture()
        let (device, handle) = connected(fixture)
        let written = fixture.clock.now
        fixture.commit(fixture.message(1), for: handle)
        fixture.pass(.seconds(5))
        #expect(device.messages == ids(1) && fixture.takeChanges().isEmpty)
        fixture.shard.arrived(handle, ids(1))
        fixture.shard.didRead(handle)
        #expect(fixture.takeChanges() == [.sent(MessageID(1), ann, .webSocket, at: written)])
        fixture.shard.arrived(handle, ids(1))
        fixture.shard.didRead(handle)
        #expect(fixture.takeChanges().isEmpty, "it arrives once")
    }

    @Test("leaves a message unsent whose own write found that the connection is gone", arguments: [true, false])
    func cutByWrite(reportsArrival: Bool) {
        let fixture = ShardFixture()
        let (device, handle) = connected(fixture, reportsArrival: reportsArrival)
        device.whenWritten = { fixture.shard.detach(handle) }
        fixture.commit(fixture.message(1), for: handle)
        fixture.pass(.seconds(5))
        #expect(fixture.takeChanges().isEmpty)
        let again = RecordingTransport()
        _ = fixture.attach(ann, again)
        fixture.answer([fixture.message(1)])
        #expect(again.messages == ids(1))
    }

    @Test("leaves a message unsent that had not arrived when the connection was cut, and sends it again")
    func replayAfterCut() {
        let fixture = ShardFixture()
        let (_, handle) = connected(fixture)
        fixture.commit(fixture.message(1), for: handle)
        fixture.commit(fixture.message(2), for: handle)
        fixture.shard.arrived(handle, ids(1))
        fixture.shard.detach(handle)
        #expect(fixture.takeChanges().map(\.message) == ids(1), "the second is not recorded as sent")
        let again = RecordingTransport()
        again.reportsArrival = true
        let next = fixture.attach(ann, again)
        fixture.answer([fixture.message(2)])
        #expect(again.messages == ids(2))
        fixture.shard.arrived(next, ids(2))
        fixture.shard.didRead(next)
        #expect(fixture.takeChanges().map(\.message) == ids(2))
    }

    @Test("does not send again on the same connection what has not arrived yet")
    func notResent() {
        let fixture = ShardFixture()
        let (device, handle) = connected(fixture)
        fixture.commit(fixture.message(1), for: handle)
        for _ in 0..<10 {
            fixture.pass(.seconds(30))
            fixture.shard.heard(handle)
        }
        #expect(fixture.takeRequests().isEmpty && device.messages == ids(1))
    }

    @Test("takes what is on its way into the window, and goes on when it arrived")
    func window() {
        var settings = SessionSettings()
        settings.window = 2
        let fixture = ShardFixture(settings)
        let (device, handle) = connected(fixture)
        for number: Int64 in 1...3 { fixture.commit(fixture.message(number), for: handle) }
        #expect(device.messages == ids(1, 2))
        fixture.shard.arrived(handle, ids(1, 2))
        fixture.shard.didRead(handle)
        fixture.answer([fixture.message(3)])
        #expect(device.messages == ids(1, 2, 3))
    }

    @Test("leaves a message unsent that expires on its way, and makes room")
    func expires() {
        var settings = SessionSettings()
        settings.window = 1
        let fixture = ShardFixture(settings)
        let (device, handle) = connected(fixture)
        fixture.commit(fixture.message(1, lifetime: 3), for: handle)
        fixture.commit(fixture.message(2), for: handle)
        #expect(device.messages == ids(1))
        fixture.pass(.seconds(4))
        #expect(fixture.takeChanges().isEmpty)
        fixture.answer([fixture.message(2)])
        #expect(device.messages == ids(1, 2))
    }

    @Test("takes a confirmation for an arrival")
    func confirmedInstead() throws {
        let fixture = ShardFixture()
        let (_, handle) = connected(fixture)
        fixture.commit(fixture.message(1), for: handle)
        fixture.shard.confirm(handle, MessageID(1), .received)
        fixture.shard.arrived(handle, ids(1))
        fixture.shard.didRead(handle)
        let changes = fixture.takeChanges()
        #expect(changes.count == 1 && changes.first?.sentAt != nil && changes.first?.receivedAt != nil)
    }

    @Test("passes over what it never wrote, and who is gone")
    func unknown() {
        let fixture = ShardFixture()
        let (_, handle) = connected(fixture)
        fixture.shard.arrived(handle, ids(77))
        fixture.shard.didRead(handle)
        fixture.shard.detach(handle)
        fixture.shard.arrived(handle, ids(78))
        #expect(fixture.takeChanges().isEmpty)
    }

    @Test("records what arrived on an earlier connection before the next one asks for what is pending")
    func earlier() {
        let fixture = ShardFixture()
        fixture.shard.arrivedEarlier(ann, ids(1, 2), by: .xmpp)
        #expect(
            fixture.takeChanges() == ids(1, 2).map { .sent($0, ann, .xmpp, at: fixture.clock.now) })
    }

    // MARK: With confirmation

    @Test("records a message that needs confirmation as sent when it arrived, and still waits for that")
    func confirmation() {
        let fixture = ShardFixture()
        let (device, handle) = connected(fixture)
        let written = fixture.clock.now
        fixture.commit(fixture.message(1, confirm: true), for: handle)
        fixture.pass(.milliseconds(100))
        fixture.shard.arrived(handle, ids(1))
        fixture.shard.didRead(handle)
        #expect(fixture.takeChanges() == [.sent(MessageID(1), ann, .webSocket, at: written)])
        fixture.pass(.milliseconds(500))
        #expect(fixture.takeChanges().isEmpty, "sent is recorded once")
        fixture.pass(.seconds(10))
        fixture.answer([fixture.message(1, confirm: true)], wasSent: true)
        #expect(device.messages == ids(1, 1))
        fixture.shard.confirm(handle, MessageID(1), .received)
        fixture.shard.didRead(handle)
        #expect(fixture.takeChanges().last?.receivedAt == fixture.clock.now)
    }

    @Test("leaves what has not arrived unsent when the connection is cut, whether it needs confirmation or not")
    func confirmationCut() {
        let fixture = ShardFixture()
        let (_, handle) = connected(fixture)
        fixture.commit(fixture.message(1, confirm: true), for: handle)
        fixture.commit(fixture.message(2), for: handle)
        fixture.pass(.seconds(1))
        fixture.shard.detach(handle)
        #expect(fixture.takeChanges().isEmpty)
    }

    // MARK: Answers to what was sent more than once

    /// What the answers so far are written as.
    private func events(_ fixture: ShardFixture) -> [DeliveryEvent] {
        fixture.takeChanges().flatMap(\.events).map(\.0).filter { if case .sent = $0 { false } else { true } }
    }

    private func acknowledge(_ fixture: ShardFixture, _ handle: SessionHandle) {
        fixture.shard.confirm(handle, MessageID(1), .acknowledged)
        fixture.shard.didRead(handle)
    }

    @Test("takes the first answer for received, and the next as the store judges it")
    func acknowledged() {
        let fixture = ShardFixture()
        let (_, handle) = connected(fixture, reportsArrival: false)
        fixture.commit(fixture.message(1, confirm: true), for: handle)
        acknowledge(fixture, handle)
        #expect(events(fixture) == [.received])
        acknowledge(fixture, handle)
        #expect(events(fixture) == [.acknowledged])
    }

    @Test("takes as many answers for received as it sent the message, and only the next for read")
    func echoes() {
        let fixture = ShardFixture()
        let (device, handle) = connected(fixture, reportsArrival: false)
        let message = fixture.message(1, confirm: true)
        fixture.commit(message, for: handle)
        fixture.pass(.seconds(11))
        fixture.answer([message], wasSent: true)
        fixture.pass(.seconds(21))
        fixture.answer([message], wasSent: true)
        #expect(device.messages.count == 3)
        _ = fixture.takeChanges()
        for _ in 0..<3 {
            acknowledge(fixture, handle)
            #expect(events(fixture) == [.received])
        }
        acknowledge(fixture, handle)
        #expect(events(fixture) == [.acknowledged])
    }

    @Test("takes the answer to a message that is replayed on a new connection for received")
    func replayed() {
        let fixture = ShardFixture()
        let device = RecordingTransport()
        let handle = fixture.attach(ann, device)
        fixture.answer([fixture.message(1, confirm: true)], wasSent: true)
        _ = fixture.takeChanges()
        acknowledge(fixture, handle)
        #expect(events(fixture) == [.received])
    }

    @Test("does not take that a user read it for an echo")
    func readIsNoEcho() {
        let fixture = ShardFixture()
        let (_, handle) = connected(fixture, reportsArrival: false)
        let message = fixture.message(1, confirm: true)
        fixture.commit(message, for: handle)
        fixture.pass(.seconds(11))
        fixture.answer([message], wasSent: true)
        _ = fixture.takeChanges()
        acknowledge(fixture, handle)
        fixture.shard.confirm(handle, MessageID(1), .read)
        fixture.shard.didRead(handle)
        #expect(events(fixture) == [.received, .read])
    }

    // MARK: Signs of life

    @Test("asks for a sign of life after the connection's own time, if it has one")
    func pingAfter() {
        var session = DeviceSession(device: ann, now: .uptimeNanoseconds(0), pingAfter: .seconds(300))
        let settings = SessionSettings()
        let at = { (seconds: Int64) in NIODeadline.uptimeNanoseconds(0) + .seconds(seconds) }
        #expect(session.nextDeadline(settings: settings) == at(300))
        var actions = session.due(at: at(299), settings: settings)
        #expect(actions.isEmpty)
        actions = session.due(at: at(300), settings: settings)
        #expect(actions == [.ping])
        #expect(session.nextDeadline(settings: settings) == at(330))
        session.heard(at: at(310))
        #expect(session.nextDeadline(settings: settings) == at(610))
        actions = session.due(at: at(610), settings: settings) + session.due(at: at(640), settings: settings)
        #expect(actions == [.ping, .close])
        let other = DeviceSession(device: ann, now: at(0))
        #expect(other.nextDeadline(settings: settings) == at(60), "otherwise after the time in the settings")
    }
}
