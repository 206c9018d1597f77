import ApusCore
import ApusTestKit
import NIOCore
import Synchronization
import Testing

@Suite("A session")
struct SessionShardTests {
    private let ann = DeviceNumber(1)

    private func ids(_ numbers: Int64...) -> [MessageID] { numbers.map { MessageID($0) } }

    // MARK: Order

    @Test("asks for what is pending first, and lets live messages pass only then")
    func replayBeforeLive() {
        let fixture = ShardFixture()
        let device = RecordingTransport()
        let handle = fixture.attach(ann, device)
        fixture.commit(fixture.message(5), for: handle)
        #expect(device.messages.isEmpty, "a live message does not overtake what is stored")
        fixture.answer([1, 2, 3].map { fixture.message($0) })
        #expect(device.messages == ids(1, 2, 3))
        fixture.answer([fixture.message(5)])
        #expect(device.messages == ids(1, 2, 3, 5), "what came meanwhile is read from the store")
        fixture.commit(fixture.message(6), for: handle)
        #expect(device.messages == ids(1, 2, 3, 5, 6))
        #expect(device.flushed == 5)
    }

    @Test("does not send twice what a page and a live hand-over both bring")
    func noDuplicate() {
        let fixture = ShardFixture()
        let device = RecordingTransport()
        let handle = fixture.attach(ann, device)
        fixture.answer([fixture.message(1), fixture.message(2)])
        fixture.commit(fixture.message(2), for: handle)
        #expect(device.messages == ids(1, 2))
    }

    @Test("reads page after page until the store has no more")
    func pages() {
        var settings = SessionSettings()
        settings.pageSize = 2
        let fixture = ShardFixture(settings)
        let device = RecordingTransport()
        _ = fixture.attach(ann, device)
        fixture.answer([fixture.message(1), fixture.message(2)])
        fixture.answer([fixture.message(3), fixture.message(4)])
        fixture.answer([fixture.message(5)])
        #expect(device.messages == ids(1, 2, 3, 4, 5))
        #expect(fixture.takeRequests().isEmpty)
    }

    // MARK: Back-pressure

    @Test("leaves messages in the store while the connection takes no more, and reads them when it does")
    func unwritable() {
        let fixture = ShardFixture()
        let device = RecordingTransport()
        let handle = fixture.attach(ann, device)
        fixture.answer([])
        device.isWritable = false
        fixture.commit(fixture.message(1), for: handle)
        fixture.commit(fixture.message(2), for: handle)
        #expect(device.messages.isEmpty)
        #expect(fixture.takeRequests().isEmpty, "nothing is read before there is room")
        device.isWritable = true
        fixture.shard.becameWritable(handle)
        fixture.answer([fixture.message(1), fixture.message(2)])
        #expect(device.messages == ids(1, 2))
    }

    @Test("sends no more than the window before the device confirms, then goes on in order")
    func window() {
        var settings = SessionSettings()
        settings.window = 2
        let fixture = ShardFixture(settings)
        let device = RecordingTransport()
        let handle = fixture.attach(ann, device)
        fixture.answer([])
        for number in 1...4 { fixture.commit(fixture.message(Int64(number), confirm: true), for: handle) }
        #expect(device.messages == ids(1, 2))
        fixture.shard.confirm(handle, MessageID(1), .received)
        fixture.shard.didRead(handle)
        fixture.answer([fixture.message(3, confirm: true)])
        #expect(device.messages == ids(1, 2, 3))
    }

    // MARK: States

    @Test("records a message without confirmation as sent at once")
    func sent() throws {
        let fixture = ShardFixture()
        let handle = fixture.attach(ann, RecordingTransport())
        fixture.answer([])
        fixture.commit(fixture.message(1), for: handle)
        #expect(fixture.takeChanges() == [.sent(MessageID(1), ann, .webSocket, at: fixture.clock.now)])
    }

    @Test("folds sent and received into one change when the device confirms at once")
    func coalesced() throws {
        let fixture = ShardFixture()
        let handle = fixture.attach(ann, RecordingTransport())
        fixture.answer([])
        fixture.commit(fixture.message(1, confirm: true), for: handle)
        #expect(fixture.takeChanges().isEmpty)
        fixture.shard.confirm(handle, MessageID(1), .received)
        fixture.shard.didRead(handle)
        let change = try #require(fixture.takeChanges().first)
        #expect(change.sentAt == fixture.clock.now && change.receivedAt == fixture.clock.now)
        fixture.pass(.seconds(3600))
        #expect(fixture.takeChanges().isEmpty, "nothing is recorded twice")
    }

    @Test("records sent on its own when the device takes its time, or goes")
    func sentLater() throws {
        let fixture = ShardFixture()
        let handle = fixture.attach(ann, RecordingTransport())
        fixture.answer([])
        fixture.commit(fixture.message(1, confirm: true), for: handle)
        fixture.pass(.milliseconds(300))
        #expect(fixture.takeChanges().map(\.message) == ids(1))
        fixture.commit(fixture.message(2, confirm: true), for: handle)
        fixture.shard.detach(handle)
        #expect(fixture.takeChanges().map(\.message) == ids(2))
    }

    @Test("passes on a confirmation it did not wait for, for the store to judge")
    func unexpected() throws {
        let fixture = ShardFixture()
        let handle = fixture.attach(ann, RecordingTransport())
        fixture.shard.confirm(handle, MessageID(77), .read)
        fixture.shard.didRead(handle)
        let change = try #require(fixture.takeChanges().first)
        #expect(change.device == ann && change.sentAt == nil && change.readAt != nil)
    }

    @Test("drops confirmations nobody waits for while too many receipts wait, and no others")
    func congestion() {
        let fixture = ShardFixture()
        let handle = fixture.attach(ann, RecordingTransport())
        fixture.answer([])
        fixture.commit(fixture.message(1, confirm: true), for: handle)
        fixture.congested.store(true, ordering: .relaxed)
        fixture.shard.confirm(handle, MessageID(77), .received)
        fixture.shard.confirm(handle, MessageID(1), .received)
        fixture.shard.didRead(handle)
        #expect(fixture.takeChanges().map(\.message) == ids(1))
    }

    // MARK: Time

    @Test("makes room in the window when a message expires, however long the next resend is off")
    func expiredMakesRoom() {
        var settings = SessionSettings()
        settings.window = 1
        let fixture = ShardFixture(settings)
        let device = RecordingTransport()
        let handle = fixture.attach(ann, device)
        fixture.answer([])
        fixture.commit(fixture.message(1, confirm: true, lifetime: 3), for: handle)
        fixture.commit(fixture.message(2, confirm: true), for: handle)
        #expect(device.messages == ids(1))
        fixture.pass(.seconds(4))
        fixture.answer([fixture.message(2, confirm: true)])
        #expect(device.messages == ids(1, 2))
    }

    @Test("sends an unconfirmed message again, ever more seldom, until it is confirmed")
    func resend() {
        let fixture = ShardFixture()
        let device = RecordingTransport()
        let handle = fixture.attach(ann, device)
        fixture.answer([])
        let message = fixture.message(1, confirm: true)
        fixture.commit(message, for: handle)
        fixture.pass(.seconds(9))
        #expect(fixture.takeRequests().isEmpty)
        fixture.pass(.seconds(2))
        fixture.answer([message], wasSent: true)
        #expect(device.messages == ids(1, 1))
        fixture.pass(.seconds(15))
        #expect(fixture.takeRequests().isEmpty)
        fixture.pass(.seconds(6))
        fixture.answer([message], wasSent: true)
        #expect(device.messages == ids(1, 1, 1))
        fixture.shard.confirm(handle, MessageID(1), .received)
        fixture.shard.didRead(handle)
        fixture.shard.heard(handle)
        fixture.pass(.seconds(50))
        #expect(fixture.takeRequests().isEmpty && device.messages.count == 3)
    }

    @Test("stops sending again when the message is no longer open, or expires")
    func resendEnds() {
        let fixture = ShardFixture()
        let device = RecordingTransport()
        let handle = fixture.attach(ann, device)
        fixture.answer([])
        fixture.commit(fixture.message(1, confirm: true), for: handle)
        fixture.commit(fixture.message(2, confirm: true, lifetime: 5), for: handle)
        fixture.pass(.seconds(11))
        let requests = fixture.takeRequests()
        guard case .again(let asked)? = requests.first?.query else {
            Issue.record("nothing was asked for")
            return
        }
        #expect(asked == ids(1), "an expired message is not asked for")
        fixture.shard.take(ShardOutbox(pending: [PendingAnswer(request: requests[0], content: .deliveries([]))]))
        fixture.shard.heard(handle)
        fixture.pass(.seconds(50))
        #expect(fixture.takeRequests().isEmpty && device.messages == ids(1, 2))
    }

    @Test("keeps one deadline, however often earlier ones came and went")
    func oneDeadline() {
        let fixture = ShardFixture()
        let device = RecordingTransport()
        let handle = fixture.attach(ann, device)
        fixture.answer([])
        for number in 1...200 {
            fixture.commit(fixture.message(Int64(number), confirm: true), for: handle)
            fixture.shard.confirm(handle, MessageID(Int64(number)), .received)
            fixture.shard.heard(handle)
            fixture.pass(.seconds(15))
        }
        #expect(fixture.shard.alarmCount <= 3)
        #expect(device.pings == 0)
    }

    @Test("asks a silent device for a sign of life, and closes when none comes")
    func silence() {
        let fixture = ShardFixture()
        let device = RecordingTransport()
        let handle = fixture.attach(ann, device)
        fixture.pass(.seconds(59))
        #expect(device.pings == 0)
        fixture.pass(.seconds(2))
        #expect(device.pings == 1)
        fixture.shard.heard(handle)
        fixture.pass(.seconds(59))
        #expect(device.pings == 1 && device.closed == nil)
        fixture.pass(.seconds(2))
        #expect(device.pings == 2)
        fixture.pass(.seconds(31))
        #expect(device.closed == .unresponsive)
        #expect(fixture.directory[ann] == nil && fixture.shard.sessionCount == 0)
    }

    // MARK: Connections

    @Test("gives way to a second connection of the same device")
    func replaced() {
        let fixture = ShardFixture()
        let (first, second) = (RecordingTransport(), RecordingTransport())
        let old = fixture.attach(ann, first)
        let new = fixture.attach(ann, second)
        #expect(first.closed == .replaced && second.closed == nil)
        #expect(fixture.directory[ann]?.handle == new)
        fixture.shard.detach(old)
        #expect(fixture.directory[ann]?.handle == new, "the old connection's end does not touch the new one")
        fixture.commit(fixture.message(1), for: old)
        #expect(first.messages.isEmpty)
    }

    @Test("uses a slot again without mixing up its owners")
    func slots() {
        let fixture = ShardFixture()
        let one = fixture.attach(ann, RecordingTransport())
        fixture.shard.detach(one)
        let device = RecordingTransport()
        let two = fixture.attach(DeviceNumber(2), device)
        #expect(one.slot == two.slot && one != two)
        fixture.answer([])
        fixture.commit(fixture.message(1), for: one)
        #expect(device.messages.isEmpty)
    }

    @Test("closes when the store cannot be read, so that the device tries again")
    func unreadable() {
        let fixture = ShardFixture()
        let device = RecordingTransport()
        _ = fixture.attach(ann, device)
        fixture.answer(nil)
        #expect(device.closed == .unreadable)
    }
}
