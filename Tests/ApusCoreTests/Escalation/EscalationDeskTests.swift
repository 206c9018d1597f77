import ApusTestKit
import Logging
import NIOCore
import Synchronization
import Testing

@testable import ApusCore

@Suite("EscalationDesk")
struct EscalationDeskTests {
    private struct House {
        let fixture: DispatcherFixture
        let centre: MessageCentre
        let desk: EscalationDesk
        let sms = RecordingSender(.sms)
        let mail = RecordingSender(.email)

        init(_ fixture: DispatcherFixture) {
            self.fixture = fixture
            centre = MessageCentre(
                dispatcher: fixture.dispatcher,
                apps: AppRegistry(apps: [fixture.app], messagesPerSecond: 0, clock: fixture.clock),
                settings: BusinessSettings(), senders: [sms, mail],
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            desk = EscalationDesk(dispatcher: fixture.dispatcher, centre: centre)
        }

        func device(_ alias: String, mobile: String? = nil) throws -> Device {
            var device: Device?
            let registration = DeviceRegistration(
                app: fixture.app.number, alias: alias, platform: .android, nativeToken: "token-\(alias)", mobile: mobile
            )
            try fixture.store.write {
                device = try $0.register(registration, newID: RandomToken.hex128(), at: fixture.clock.now)
            }
            return try #require(device)
        }

        func send(_ alias: String, _ steps: [EscalationPlan.Step]?, confirm: Bool = false) async throws -> MessageID {
            var request = fixture.request(alias, confirm: confirm)
            request.escalation = steps
            return try await fixture.dispatcher.send(request).message
        }

        /// Moves the clock, and does what that makes due.
        func pass(_ seconds: Int64) async throws {
            fixture.clock.advance(by: .seconds(seconds))
            while try await desk.step() {}
            try await centre.scan()
        }

        func codes(_ message: MessageID) throws -> [String] {
            try fixture.store.read { try $0.escalationRecords(of: message).map(\.code) }
        }

        func escalation(_ message: MessageID) throws -> Escalation {
            try #require(try fixture.store.read { try $0.escalation(of: message) })
        }
    }

    private func with(
        providers: [any PushProvider] = [], _ body: (House) async throws -> Void
    ) async throws {
        try await DispatcherFixture.with(providers: providers) { try await body(House($0)) }
    }

    private let sms = EscalationPlan.Step(after: 60, .notice(.sms))
    private let boss = EscalationPlan.Step(after: 300, .persons(["boss"]))

    @Test("who does not confirm gets an SMS, then others get the message, then they get an SMS")
    func channelsAndPersons() async throws {
        try await with { house in
            _ = try house.device("ann", mobile: "+4917")
            let device = try house.device("boss", mobile: "+4918")
            let message = try await house.send("ann", [sms, boss, sms])
            try await house.pass(59)
            #expect(house.sms.taken.isEmpty)
            try await house.pass(1)
            #expect(house.sms.taken.map(\.receiver) == ["+4917"])
            #expect(house.sms.taken.map(\.text) == ["hello"])
            try await house.pass(300)
            let child = try #require(try house.fixture.store.read { try $0.children(of: message) }.first)
            let record = try #require(try house.fixture.store.read { try $0.message(child) })
            #expect(record.message.needsConfirmation)
            #expect(record.message.content.alert == "hello")
            #expect(record.message.expiresAt == house.fixture.clock.now.adding(seconds: 3600 - 360))
            #expect(try house.fixture.state(child, device)?.isOpen == true)
            try await house.pass(60)
            #expect(house.sms.taken.map(\.receiver) == ["+4917", "+4918"])
            #expect(try house.codes(message) == ["escalated.sms", "escalated.persons", "escalated.sms"])
        }
    }

    @Test("goes on in time, also after the clock was set back")
    func jump() async throws {
        try await with { house in
            _ = try house.device("ann", mobile: "+4917")
            house.fixture.clock.setWallClock(forwardBy: .hours(24 * 365))
            _ = try await house.send("ann", nil)
            house.fixture.clock.setWallClock(forwardBy: .hours(-24 * 365))
            let message = try await house.send("ann", [sms])
            try await house.pass(60)
            #expect(try house.codes(message) == ["escalated.sms"])
        }
    }

    @Test("a confirmation by any device ends it: deliveries, SMS that wait, later steps", arguments: [false, true])
    func firstConfirmation(byTheNext: Bool) async throws {
        try await with { house in
            let (ann, device) = (try house.device("ann", mobile: "+4917"), try house.device("boss"))
            let message = try await house.send("ann", [boss, sms, sms])
            let confirmer = try await house.fixture.connect(byTheNext ? device : ann)
            house.sms.setBusy(true)
            try await house.pass(300)
            let child = try #require(try house.fixture.store.read { try $0.children(of: message) }.first)
            try await confirmer.confirm(byTheNext ? child : message)
            try await house.fixture.settle()
            #expect(
                try house.escalation(message).end == .confirmed(byTheNext ? device.number : ann.number))
            #expect(try house.fixture.state(message, ann)?.end == (byTheNext ? .cancelled : nil))
            #expect(try house.fixture.state(child, device)?.end == (byTheNext ? nil : .cancelled))
            house.sms.setBusy(false)
            try await house.pass(3000)
            #expect(house.sms.taken.isEmpty)
            #expect(try house.codes(message) == ["escalated.persons"])
        }
    }

    @Test("an SMS that its sender gives back is not tried again once somebody confirmed")
    func givenBack() async throws {
        try await with { house in
            let ann = try house.device("ann", mobile: "+4917")
            let message = try await house.send("ann", [sms])
            let connected = try await house.fixture.connect(ann)
            house.sms.setBusy(true)
            try await house.pass(60)
            let step = try #require(try house.fixture.store.read { try $0.escalationRecords(of: message) }.first)
            try await eventually("it is given back") {
                try house.fixture.store.read { try $0.notice(of: step.noticeRow, user: "ann") }?.state == .waiting
            }
            try await connected.confirm(message)
            try await house.fixture.settle()
            let notice = try house.fixture.store.read { try $0.notice(of: step.noticeRow, user: "ann") }
            #expect(notice?.state == .cancelled)
        }
    }

    @Test("users get theirs at what the users' table says, and who cannot get any is named")
    func users() async throws {
        try await with { house in
            _ = try house.device("ann", mobile: "+4917")
            let users = [
                BusinessUser(number: "ann", name: "Ann", password: "", email: " ann@example.org", mobile: "138"),
                BusinessUser(number: "ben", name: "Ben", password: "", email: "ben@example.org"),
                BusinessUser(number: "carl", name: "Carl", password: "", mobile: "139", isActive: false),
            ]
            for user in users { try house.fixture.store.write { try $0.putUser(user, at: house.fixture.clock.now) } }
            var request = house.fixture.request("ann")
            request.audience.values = ["ann", "ben", "carl"]
            request.content.smsMessage = "Call!"
            request.escalation = [sms, EscalationPlan.Step(after: 60, .notice(.email))]
            let message = try await house.fixture.dispatcher.send(request).message
            try await house.pass(60)
            #expect(house.sms.taken.map(\.receiver) == ["138"])
            #expect(house.sms.taken.map(\.text) == ["Call!"])
            try await house.pass(60)
            #expect(house.mail.taken.map(\.receiver).sorted() == ["ann@example.org", "ben@example.org"])
            #expect(Set(house.mail.taken.map(\.title)) == ["hello"])
            let records = try house.fixture.store.read { try $0.escalationRecords(of: message) }
            #expect(records[0].detail == "SMS to ann; inactive user: carl; without a mobile number: ben.")
            #expect(records[1].detail == "e-mail to ann, ben; inactive user: carl.")
        }
    }

    @Test("the server may be restarted in between")
    func restarted() async throws {
        try await with { house in
            _ = try house.device("ann", mobile: "+4917")
            _ = try await house.send("ann", [sms])
            #expect(try house.fixture.store.read { try $0.hasFamilies() })
            let again = House(house.fixture)
            try await again.pass(60)
            #expect(again.sms.taken.map(\.receiver) == ["+4917"])
        }
    }

    @Test("cancelling ends it with all that it made")
    func cancelled() async throws {
        try await with { house in
            let (ann, device) = (try house.device("ann"), try house.device("boss"))
            let message = try await house.send("ann", [boss, sms])
            try await house.pass(300)
            let child = try #require(try house.fixture.store.read { try $0.children(of: message) }.first)
            #expect(try await house.fixture.dispatcher.recall(child, timeToLive: 60).cancelled == 2)
            #expect(try house.escalation(message).end == .cancelled)
            #expect(try house.fixture.state(message, ann)?.end == .cancelled)
            #expect(try house.fixture.state(child, device)?.end == .cancelled)
        }
    }

    @Test("without steps that stop anything, confirmations are not looked at")
    func costsNothing() async throws {
        try await with { house in
            _ = try await house.send("ann", nil, confirm: true)
            let looksForFamilies = house.fixture.dispatcher.hasFamilies.load(ordering: .relaxed)
            #expect(!looksForFamilies)
        }
    }

    @Test("a policy's fallback is for each recipient who was not reached")
    func fallback() async throws {
        try await with { house in
            let ann = try house.device("ann", mobile: "+4917")
            _ = try house.device("ben", mobile: "+4918")
            var policy = RoutePolicy()
            policy.fallback = [sms]
            policy.needsConfirmation = true
            try await house.fixture.dispatcher.setPolicy(policy, of: house.fixture.app.number)
            var request = house.fixture.request("ann")
            request.audience.values = ["ann", "ben"]
            let message = try await house.fixture.dispatcher.send(request).message
            let connected = try await house.fixture.connect(ann)
            try await connected.confirm(message)
            try await house.fixture.settle()
            try await house.pass(60)
            #expect(house.sms.taken.map(\.receiver) == ["+4918"])
            #expect(try house.escalation(message).end == .done)
        }
    }

    @Test("the vendor gets what a connected device does not confirm")
    func vendors() async throws {
        let vendor = RecordingProvider()
        try await with(providers: [vendor]) { house in
            let ann = try house.device("ann")
            let connected = try await house.fixture.connect(ann)
            let message = try await house.send("ann", [EscalationPlan.Step(after: 60, .vendor)])
            try await house.fixture.settle()
            #expect(try await connected.messages == [message])
            #expect(vendor.submitted.isEmpty)
            try await house.pass(60)
            try await eventually("the vendor has it") { !vendor.submitted.isEmpty }
            #expect(vendor.submitted == [DeliveryKey(message: message, device: ann.number)])
            vendor.answer(.accepted)
            try await connected.confirm(message)
            try await house.fixture.settle()
            #expect(try house.fixture.state(message, ann)?.state == .received)
        }
    }

    @Test("many that are due at once are taken in steps that end")
    func many() async throws {
        try await with { house in
            _ = try house.device("ann", mobile: "+4917")
            for _ in 0..<250 { _ = try await house.send("ann", [sms]) }
            house.fixture.clock.advance(by: .seconds(60))
            #expect(try await house.desk.step())
            #expect(
                try house.fixture.store.read { try $0.dueEscalations(at: house.fixture.clock.now, limit: 1000) }.count
                    == 150)
            while try await house.desk.step() {}
            #expect(
                try house.fixture.store.read { try $0.dueEscalations(at: house.fixture.clock.now, limit: 1000) }.isEmpty
            )
        }
    }
}
