import ApusCore
import ApusTestKit
import NIOCore
import Testing

/// Messages that waited for their time, and are older than what was handed over meanwhile.
@Suite("A session and a message that comes late")
struct LateMessageTests {
    private let ann = DeviceNumber(1)

    private func ids(_ numbers: Int64...) -> [MessageID] { numbers.map { MessageID($0) } }

    private func late(_ fixture: ShardFixture, _ number: Int64, confirm: Bool = false) -> Message {
        Message(
            id: MessageID(number), app: AppNumber(1), appID: "app", tenant: "", content: MessageContent(alert: "hi"),
            needsConfirmation: confirm, expiresAt: fixture.clock.now.adding(seconds: 3600), sendAt: fixture.clock.now)
    }

    @Test("writes it at once when all is handed over")
    func live() {
        let fixture = ShardFixture()
        let device = RecordingTransport()
        let handle = fixture.attach(ann, device)
        fixture.answer([fixture.message(5)])
        fixture.commit(late(fixture, 2), for: handle)
        fixture.commit(fixture.message(6), for: handle)
        #expect(device.messages == ids(5, 2, 6))
        #expect(fixture.takeRequests().isEmpty)
    }

    @Test(
        "reads the store again from it on when the device takes nothing, and repeats nothing that waits for an answer")
    func blocked() {
        let fixture = ShardFixture()
        let device = RecordingTransport()
        let handle = fixture.attach(ann, device)
        fixture.answer([])
        fixture.commit(fixture.message(5, confirm: true), for: handle)
        device.isWritable = false
        fixture.commit(late(fixture, 2), for: handle)
        #expect(device.messages == ids(5))
        device.isWritable = true
        fixture.shard.becameWritable(handle)
        fixture.answer([late(fixture, 2), fixture.message(5, confirm: true)], wasSent: true)
        #expect(device.messages == ids(5, 2))
        fixture.commit(fixture.message(6), for: handle)
        #expect(device.messages == ids(5, 2, 6))
    }

    @Test("reads again what a page that is under way does not have")
    func duringPage() {
        let fixture = ShardFixture()
        let device = RecordingTransport()
        let handle = fixture.attach(ann, device)
        fixture.commit(late(fixture, 2), for: handle)
        fixture.answer([fixture.message(5)])
        #expect(device.messages == ids(5))
        fixture.answer([late(fixture, 2)])
        #expect(device.messages == ids(5, 2))
    }
}
