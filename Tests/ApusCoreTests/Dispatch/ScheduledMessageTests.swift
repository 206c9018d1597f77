import ApusCore
import ApusTestKit
import Dispatch
import NIOCore
import Testing

@Suite("Messages that wait for their time, or are taken back")
struct ScheduledMessageTests {
    private func request(_ fixture: DispatcherFixture, in seconds: Int64, confirm: Bool = false) -> PushRequest {
        var request = fixture.request("ann", confirm: confirm)
        request.sendAt = fixture.clock.now.adding(seconds: seconds)
        return request
    }

    @Test("are accepted at once, and sent at their time to whom they match then")
    func due() async throws {
        try await DispatcherFixture.with { fixture in
            let ann = try fixture.device("ann", token: "1")
            let connected = try await fixture.connect(ann)
            try await fixture.settle()
            let acceptance = try await fixture.dispatcher.send(request(fixture, in: 60))
            #expect(acceptance.deliveries == 0)
            let between = try await fixture.send("ann")
            let other = try fixture.device("ann", token: "2")
            #expect(try await fixture.dispatcher.release() == false)
            #expect(try fixture.state(acceptance.message, ann) == nil)
            fixture.clock.advance(by: .seconds(60))
            _ = try await fixture.dispatcher.release()
            try await fixture.settle()
            #expect(try await connected.messages == [between.message, acceptance.message])
            #expect(try fixture.state(acceptance.message, other)?.state == .unsent)
            _ = try await fixture.dispatcher.release()
            try await fixture.settle()
            #expect(try await connected.messages.count == 2)
        }
    }

    @Test("are sent at once if their time has passed")
    func past() async throws {
        try await DispatcherFixture.with { fixture in
            _ = try fixture.device("ann")
            #expect(try await fixture.dispatcher.send(request(fixture, in: 0)).deliveries == 1)
        }
    }

    @Test("go to vendors, whatever those got since")
    func vendors() async throws {
        let provider = RecordingProvider()
        try await DispatcherFixture.with(providers: [provider]) { fixture in
            _ = try fixture.device("ann")
            let scheduled = try await fixture.dispatcher.send(request(fixture, in: 60))
            let later = try await fixture.send("ann")
            try await fixture.settle()
            fixture.clock.advance(by: .seconds(60))
            _ = try await fixture.dispatcher.release()
            try await fixture.settle()
            #expect(provider.submitted.map(\.message) == [later.message, scheduled.message])
        }
    }

    @Test("end as expired when the server was away for too long")
    func expired() async throws {
        try await DispatcherFixture.with { fixture in
            let ann = try fixture.device("ann")
            let connected = try await fixture.connect(ann)
            try await fixture.settle()
            let scheduled = try await fixture.dispatcher.send(request(fixture, in: 60))
            fixture.clock.advance(by: .seconds(4000))
            _ = try await Maintenance(dispatcher: fixture.dispatcher, retention: Retention(age: 86_400)).step()
            try await fixture.settle()
            #expect(try await connected.messages.isEmpty)
            #expect(try fixture.state(scheduled.message, ann)?.end == .expired)
        }
    }

    @Test("are never sent when they were taken back before")
    func cancelled() async throws {
        try await DispatcherFixture.with { fixture in
            let ann = try fixture.device("ann")
            let scheduled = try await fixture.dispatcher.send(request(fixture, in: 60))
            let recall = try await fixture.dispatcher.recall(scheduled.message, timeToLive: 100)
            #expect(recall == Dispatcher.Recall())
            fixture.clock.advance(by: .seconds(60))
            _ = try await fixture.dispatcher.release()
            #expect(try fixture.state(scheduled.message, ann) == nil)
            #expect(try fixture.store.read { try $0.message(scheduled.message) }?.state == .cancelled)
        }
    }

    @Test("a message that is taken back is recalled from those that got it, now or when they come back, once")
    func recalled() async throws {
        try await DispatcherFixture.with { fixture in
            let (here, gone) = (try fixture.device("ann", token: "1"), try fixture.device("ann", token: "2"))
            let away = try fixture.device("ann", token: "3")
            let connected = try await fixture.connect(here)
            let leaving = try await fixture.connect(gone)
            try await fixture.settle()
            let message = try await fixture.send("ann").message
            try await fixture.settle()
            try await leaving.disconnect()
            try await fixture.settle()
            let recall = try await fixture.dispatcher.recall(message, timeToLive: 100)
            #expect(recall.cancelled == 1 && recall.recalled == 2)
            try await fixture.settle()
            let command = try #require(recall.message)
            #expect(try await connected.messages == [message, command])
            #expect(try fixture.store.read { try $0.message(command) }?.message.content.recalls == message)
            #expect(try fixture.state(message, away)?.end == .cancelled)
            #expect(try fixture.state(command, away) == nil)
            let back = try await fixture.connect(gone)
            try await fixture.settle()
            #expect(try await back.messages == [command])
            #expect(try await fixture.dispatcher.recall(message, timeToLive: 100) == Dispatcher.Recall())
            #expect(try await fixture.dispatcher.recall(command, timeToLive: 100).recalled == 0)
        }
    }

    @Test("a device whose vendor took over meanwhile what was taken back is told too, once")
    func recalledUnderWay() async throws {
        let provider = RecordingProvider()
        try await DispatcherFixture.with(providers: [provider]) { fixture in
            let devices = [try fixture.device("ann", token: "1"), try fixture.device("ann", token: "2")]
            let message = try await fixture.send("ann").message
            try await fixture.settle()
            #expect(provider.submitted.count == 2)
            let recall = try await fixture.dispatcher.recall(message, timeToLive: 100)
            #expect(recall.cancelled == 2 && recall.recalled == 0)
            provider.answer(.accepted)
            try await fixture.settle()
            let told = provider.submitted.dropFirst(2)
            #expect(told.map(\.device) == devices.map(\.number))
            for key in told {
                let recall = try fixture.store.read { try $0.message(key.message) }
                #expect(recall?.message.content.recalls == message)
            }
            #expect(try fixture.state(message, devices[0])?.end == .cancelled)
            provider.answer(.accepted)
            try await fixture.settle()
            #expect(provider.submitted.count == 4)
        }
    }

    @Test("a device that is written what was taken back since it was read is told too, once", arguments: [false, true])
    func recalledBetween(confirm: Bool) async throws {
        try await DispatcherFixture.with { fixture in
            let ann = try fixture.device("ann")
            let message = try await fixture.send("ann", confirm: confirm).message
            let read = DispatchSemaphore(value: 0)
            async let connected = fixture.connect(ann) { _ = read.wait(timeout: .now() + 30) }
            // The device's loop stands still while the page is read, and the message is taken back.
            try await eventually { fixture.dispatcher.directory[ann.number] != nil }
            _ = try await fixture.dispatcher.update { _ in }
            await withCheckedContinuation { done in fixture.dispatcher.identify(ann.id) { _ in done.resume() } }
            _ = try await fixture.dispatcher.update { [clock = fixture.clock] in try $0.cancel(message, at: clock.now) }
            read.signal()
            let device = try await connected
            try await fixture.settle()
            if confirm { try await device.confirm(message) }
            try await fixture.settle()
            let messages = try await device.messages
            try #require(messages.count == 2 && messages.first == message)
            let recall = try fixture.store.read { try $0.message(messages[1]) }
            #expect(recall?.message.content.recalls == message)
            #expect(try fixture.state(message, ann)?.end == .cancelled)
        }
    }

    @Test("a vendor's refusal of what was taken back needs no recall")
    func refusedUnderWay() async throws {
        let provider = RecordingProvider()
        try await DispatcherFixture.with(providers: [provider]) { fixture in
            _ = try fixture.device("ann")
            let message = try await fixture.send("ann").message
            try await fixture.settle()
            _ = try await fixture.dispatcher.recall(message, timeToLive: 100)
            provider.answer(.refused)
            try await fixture.settle()
            #expect(provider.submitted.count == 1)
        }
    }

    @Test("a device that is given a moment to confirm a message has got it")
    func recalledAtOnce() async throws {
        try await DispatcherFixture.with { fixture in
            let ann = try fixture.device("ann")
            let connected = try await fixture.connect(ann)
            try await fixture.settle()
            let message = try await fixture.send("ann", confirm: true).message
            try await fixture.settle()
            #expect(try await connected.messages == [message])
            let recall = try await fixture.dispatcher.recall(message, timeToLive: 100)
            #expect(recall.cancelled == 1 && recall.recalled == 1)
            #expect(try fixture.state(message, ann)?.sentAt != nil)
            try await fixture.settle()
            #expect(try await connected.messages.last == recall.message)
        }
    }

    @Test("what a device was written a moment ago is known to have been sent when the next of its collapse key comes")
    func collapsedAtOnce() async throws {
        try await DispatcherFixture.with { fixture in
            let ann = try fixture.device("ann")
            let connected = try await fixture.connect(ann)
            try await fixture.settle()
            var request = fixture.request("ann", confirm: true)
            request.content.collapseKey = "score"
            let first = try await fixture.dispatcher.send(request).message
            try await fixture.settle()
            #expect(try await connected.messages == [first])
            let second = try await fixture.dispatcher.send(request).message
            try await fixture.settle()
            #expect(try await connected.messages == [first, second])
            let delivery = try #require(try fixture.state(first, ann))
            #expect(delivery.end == .cancelled && delivery.state == .sent && delivery.attempts == 1)
            try await connected.confirm(second)
            try await fixture.settle()
            #expect(try fixture.state(second, ann)?.attempts == 1)
        }
    }
}
