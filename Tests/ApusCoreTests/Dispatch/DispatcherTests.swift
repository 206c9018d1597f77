import ApusCore
import ApusTestKit
import NIOCore
import Testing

@Suite("The dispatcher")
struct DispatcherTests {
    private struct DiskFull: Error {}

    @Test("answers once the message and its deliveries are stored")
    func durable() async throws {
        try await DispatcherFixture.with { fixture in
            let (one, two) = (try fixture.device("ann", token: "1"), try fixture.device("ann", token: "2"))
            let acceptance = try await fixture.send("ann")
            #expect(acceptance.deliveries == 2 && !acceptance.isRepeat)
            #expect(try fixture.state(acceptance.message, one)?.state == .unsent)
            #expect(try fixture.state(acceptance.message, two)?.state == .unsent)
        }
    }

    @Test("refuses what could not be stored, and accepts again when it can")
    func storeFails() async throws {
        try await DispatcherFixture.with { fixture in
            _ = try fixture.device("ann")
            fixture.store.failWrites(with: DiskFull())
            await #expect(throws: ApusError.storeUnavailable) { try await fixture.send("ann") }
            #expect(fixture.dispatcher.isStoreFailing)
            fixture.store.failWrites(with: nil)
            #expect(try await fixture.send("ann").deliveries == 1)
            #expect(!fixture.dispatcher.isStoreFailing)
            #expect(fixture.dispatcher.queueDepth == 0)
        }
    }

    @Test("keeps receipts that could not be stored, and writes them when it can")
    func receiptsSurvive() async throws {
        var limits = DispatchLimits()
        limits.retryCommitAfter = .milliseconds(1)
        try await DispatcherFixture.with(limits: limits) { fixture in
            let ann = try fixture.device("ann")
            let device = try await fixture.connect(ann)
            try await fixture.settle()
            let acceptance = try await fixture.send("ann", confirm: true)
            try await fixture.settle()
            fixture.store.failWrites(with: DiskFull())
            try await device.confirm(acceptance.message)
            await #expect(throws: ApusError.storeUnavailable) { try await fixture.send("ann") }
            #expect(try fixture.state(acceptance.message, ann)?.state == .unsent)
            fixture.store.failWrites(with: nil)
            while try fixture.state(acceptance.message, ann)?.state != .received { try await fixture.settle() }
        }
    }

    @Test("refuses more than it may hold")
    func overload() async throws {
        var limits = DispatchLimits()
        limits.queuedAccepts = 0
        try await DispatcherFixture.with(limits: limits) { fixture in
            await #expect(throws: ApusError.overloaded) { try await fixture.send("ann") }
        }
    }

    @Test("answers a repeated request as the first, for a day, apart by tenant")
    func idempotency() async throws {
        try await DispatcherFixture.with { fixture in
            let ann = try fixture.device("ann")
            let first = try await fixture.send("ann", key: "k")
            let again = try await fixture.send("ann", key: "k")
            #expect(again.message == first.message && again.isRepeat)
            let other = try await fixture.dispatcher.send(fixture.request("ann", key: "k", tenant: "acme"))
            #expect(other.message != first.message)
            #expect(
                try fixture.store.read {
                    try $0.pending(for: ann.number, after: .zero, limit: 9, at: fixture.clock.now)
                }
                .count == 2)
            fixture.clock.advance(by: .hours(25))
            #expect(try await fixture.send("ann", key: "k").isRepeat == false)
        }
    }

    @Test("knows a request for a day, also after the clock was set back")
    func idempotencyAfterJump() async throws {
        try await DispatcherFixture.with { fixture in
            fixture.clock.setWallClock(forwardBy: .hours(24 * 3650))
            _ = try await fixture.send("ann")
            fixture.clock.setWallClock(forwardBy: .hours(-24 * 3650))
            _ = try await fixture.send("ann", key: "k")
            #expect(try await fixture.send("ann", key: "k").isRepeat)
            fixture.clock.advance(by: .hours(25))
            #expect(try await fixture.send("ann", key: "k").isRepeat == false)
        }
    }

    @Test("recognises a repeated request within one commit")
    func idempotentTogether() async throws {
        try await DispatcherFixture.with { fixture in
            _ = try fixture.device("ann")
            let messages = try await withThrowingTaskGroup(of: Acceptance.self) { group in
                for _ in 0..<50 { group.addTask { try await fixture.send("ann", key: "same") } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(messages.map(\.message)).count == 1)
            #expect(messages.filter { !$0.isRepeat }.count == 1)
        }
    }

    @Test("hands a message to a connected device and to no other", arguments: [0, 1])
    func live(_ shard: Int) async throws {
        try await DispatcherFixture.with { fixture in
            let (ann, ben) = (try fixture.device("ann"), try fixture.device("ben"))
            let (annsPhone, bensPhone) = (try await fixture.connect(ann, shard: shard), try await fixture.connect(ben))
            try await fixture.settle()
            let acceptance = try await fixture.send("ann")
            try await fixture.settle()
            #expect(try await annsPhone.messages == [acceptance.message])
            #expect(try await bensPhone.messages.isEmpty)
            #expect(try fixture.state(acceptance.message, ann)?.state == .sent)
        }
    }

    @Test("sends what was missed, then goes on live, in order and once, while messages keep coming")
    func catchingUp() async throws {
        try await DispatcherFixture.with { fixture in
            let ann = try fixture.device("ann")
            var sent: [MessageID] = []
            for _ in 0..<100 { sent.append(try await fixture.send("ann").message) }
            let device = try await fixture.connect(ann, shard: 1)
            for _ in 0..<200 { sent.append(try await fixture.send("ann").message) }
            for _ in 0..<5 { try await fixture.settle() }
            #expect(try await device.messages == sent)
        }
    }

    @Test("does not send again what a device confirmed just before it reconnected")
    func confirmThenReconnect() async throws {
        try await DispatcherFixture.with { fixture in
            let ann = try fixture.device("ann")
            for round in 0..<30 {
                let device = try await fixture.connect(ann, shard: round % 2)
                try await fixture.settle()
                let message = try await fixture.send("ann", confirm: true).message
                while try await device.messages.last != message { try await fixture.settle() }
                #expect(try await device.messages == [message])
                try await device.confirm(message)
                try await device.disconnect()
            }
        }
    }

    @Test("ends the older connection when a device connects again on another event loop")
    func replaced() async throws {
        try await DispatcherFixture.with { fixture in
            let ann = try fixture.device("ann")
            let (old, new) = (try await fixture.connect(ann, shard: 0), try await fixture.connect(ann, shard: 1))
            try await fixture.settle()
            #expect(try await old.closed == .replaced)
            let message = try await fixture.send("ann").message
            try await fixture.settle()
            #expect(try await new.messages == [message])
            #expect(try await old.messages.isEmpty)
        }
    }

    @Test("answers each question once when the store cannot be read, and closes who waits for messages")
    func unreadable() async throws {
        try await DispatcherFixture.with { fixture in
            let ann = try fixture.device("ann")
            fixture.store.failReads(with: DiskFull())
            let device = try await fixture.connect(ann)
            for _ in 0..<20 {
                await #expect(throws: DiskFull.self) { try await fixture.dispatcher.query { try $0.lastMessage() } }
            }
            while try await device.closed == nil {}
            #expect(try await device.closed == .unreadable)
            fixture.store.failReads(with: nil)
            _ = try await fixture.dispatcher.query { try $0.lastMessage() }
        }
    }

    @Test("closes a device that was unregistered while it connected")
    func unregisteredMeanwhile() async throws {
        try await DispatcherFixture.with { fixture in
            let ann = try fixture.device("ann")
            try fixture.store.write { _ = try $0.deactivate(deviceID: ann.id, at: fixture.clock.now) }
            let device = try await fixture.connect(ann)
            try await fixture.settle()
            #expect(try await device.closed == .unregistered)
        }
    }

    @Test("splits what reaches very many devices into several commits, and hands all of it over")
    func largeFanOut() async throws {
        var limits = DispatchLimits()
        limits.largestFanOut = 3
        try await DispatcherFixture.with(limits: limits) { fixture in
            for number in 0..<2 { _ = try fixture.device("ann", token: "\(number)") }
            let device = try await fixture.connect(try fixture.device("ann", token: "phone"))
            try await fixture.settle()
            let sent = try await withThrowingTaskGroup(of: MessageID.self) { group in
                for _ in 0..<40 { group.addTask { try await fixture.send("ann").message } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            try await fixture.settle()
            #expect(try await device.messages == sent.sorted())
        }
    }

    @Test("wakes the node that holds a device's connection, and reads what is new when it is woken itself")
    func otherNode() async throws {
        let bus = RecordingBus()
        try await DispatcherFixture.with(bus: bus) { fixture in
            let (ann, ben) = (try fixture.device("ann"), try fixture.device("ben"))
            fixture.store.place(ann.number, on: NodeNumber(7))
            _ = try await fixture.send("ann")
            try await fixture.settle()
            #expect(bus.woken == [NodeNumber(7): [ann.number]])

            let device = try await fixture.connect(ben)
            try await fixture.settle()
            // Another node's commit, of which this one learns by a wake-up only.
            var elsewhere = StoreFixture(fixture.store, clock: fixture.clock)
            let message = try elsewhere.send(fixture.app, to: Audience(.alias, ["ben"]))
            fixture.dispatcher.wake([ben.number])
            try await fixture.settle()
            #expect(try await device.messages == [message.id])
        }
    }

    @Test("closes every session when it stops, and takes nothing more")
    func stops() async throws {
        try await DispatcherFixture.with { fixture in
            let device = try await fixture.connect(try fixture.device("ann"))
            await fixture.dispatcher.stop()
            #expect(try await device.closed == .stopping(comeBackAfter: 3))
            await #expect(throws: ApusError.stopping) { try await fixture.send("ann") }
        }
    }
}
