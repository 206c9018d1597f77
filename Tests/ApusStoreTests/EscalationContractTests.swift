import ApusCore
import ApusTestKit
import NIOCore
import Testing

@Suite("MessageStore, escalations")
struct EscalationContractTests {
    private let plan = EscalationPlan(
        [EscalationPlan.Step(after: 60, .notice(.sms)), EscalationPlan.Step(after: 0, .persons(["boss"]))],
        stopsAtFirst: true)

    @Test("keeps policies", arguments: StoreUnderTest.allCases)
    func policies(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            let (app, other) = (try fixture.app(), try fixture.app("other"))
            var policy = RoutePolicy()
            (policy.fallback, policy.smsAfter) = (Array(plan.steps.prefix(1)), 5)
            try fixture.store.write {
                try $0.setPolicy(policy, of: app.number)
                try $0.setPolicy(RoutePolicy(), of: other.number)
            }
            #expect(try fixture.store.read { try $0.routePolicies() } == [app.number: policy])
            try fixture.store.write { try $0.setPolicy(RoutePolicy(), of: app.number) }
            #expect(try fixture.store.read { try $0.routePolicies() }.isEmpty)
        }
    }

    @Test("answers what is due, and what a confirmation ends", arguments: StoreUnderTest.allCases)
    func due(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            var fixture = fixture
            let app = try fixture.app()
            let device = try fixture.device(app, "ann")
            let (root, child) = (
                try fixture.send(app, to: Audience(.all), confirm: true),
                try fixture.send(app, to: Audience(.all), confirm: true)
            )
            let other = try fixture.send(app, to: Audience(.all), confirm: true)
            let now = fixture.clock.now
            #expect(try fixture.store.read { try $0.hasFamilies() } == false)
            var escalation = Escalation(plan, of: root)
            let each = Escalation(EscalationPlan(plan.steps, stopsAtFirst: false), of: other)
            try fixture.store.write { try $0.insert(each) }
            #expect(try fixture.store.read { try $0.hasFamilies() } == false)
            try fixture.store.write { try $0.insert(escalation) }
            #expect(try fixture.store.read { try $0.hasFamilies() })
            #expect(try fixture.store.read { try $0.dueEscalations(at: now, limit: 9) }.isEmpty)
            let later = now.adding(seconds: 60)
            #expect(try fixture.store.read { try $0.dueEscalations(at: later, limit: 9) } == [escalation, each])
            #expect(try fixture.store.read { try $0.dueEscalations(at: later, limit: 1) } == [escalation])

            let record = EscalationRecord(
                message: root.id, step: 0, at: later, code: "escalated.persons", detail: "d", child: child.id)
            var id: Int64 = 0
            escalation.advance(toldAnybody: true, child: child.id, at: later)
            try fixture.store.write {
                id = try $0.insert(record)
                try $0.update(escalation)
            }
            for message in [root.id, child.id] {
                #expect(try fixture.store.read { try $0.escalation(of: message) } == escalation)
                #expect(try fixture.store.read { try $0.family(of: message) } == escalation)
            }
            #expect(try fixture.store.read { try $0.escalation(of: other.id) } == each)
            #expect(try fixture.store.read { try $0.family(of: other.id) } == nil)
            #expect(try fixture.store.read { try $0.children(of: root.id) } == [child.id])
            var stored = record
            stored.id = id
            #expect(try fixture.store.read { try $0.escalationRecords(of: root.id) } == [stored])
            #expect(try fixture.store.read { try $0.isStopped(step: id) } == false)

            escalation.end(.confirmed(device.number), at: later)
            try fixture.store.write { try $0.update(escalation) }
            #expect(try fixture.store.read { try $0.escalation(of: child.id) } == escalation)
            #expect(try fixture.store.read { try $0.family(of: child.id) } == nil)
            #expect(try fixture.store.read { try $0.hasFamilies() } == false)
            #expect(try fixture.store.read { try $0.isStopped(step: id) })
        }
    }

    @Test("ending one cancels what is under way for it", arguments: StoreUnderTest.allCases)
    func ends(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            var fixture = fixture
            let app = try fixture.app()
            let (ann, ben) = (try fixture.device(app, "ann"), try fixture.device(app, "ben"))
            let root = try fixture.send(app, to: Audience(.all), confirm: true)
            let escalation = Escalation(plan, of: root)
            let now = fixture.clock.now
            var row: Int64 = 0
            try fixture.store.write { transaction in
                try transaction.insert(escalation)
                var record = EscalationRecord(message: root.id, step: 0, at: now, code: "escalated.sms", detail: "")
                record.id = try transaction.insert(record)
                row = record.noticeRow
                try transaction.insert(
                    ["ann", "ben", "carl"].map {
                        Notice(
                            row: row, userNumber: $0, mode: .sms, address: "1", title: "", text: "t", app: app.number)
                    })
            }
            // One is with its sender, one was sent.
            try fixture.store.write { transaction in
                let claimed = try transaction.claimNotices(.sms, at: now, limit: 2) { _ in 2 }
                var sent = claimed[1]
                (sent.state, sent.reason) = (.sent, "r1")
                try transaction.update(sent)
            }
            _ = try fixture.apply(DeliveryChange(root.id, ann.number, .received, at: now))
            var cancelled = 0
            try fixture.store.write { cancelled = try $0.end(escalation, .confirmed(ann.number), at: now) }
            #expect(cancelled == 1)
            #expect(try fixture.delivery(root, ann)?.state == .received)
            #expect(try fixture.delivery(root, ben)?.end == .cancelled)
            let notices = try fixture.store.read { try $0.notices(of: row, limit: 9) }
            #expect(notices.map(\.state) == [.sending, .sent, .cancelled])
            #expect(notices.map(\.reason) == [nil, "r1", nil])
            let counts = try fixture.store.read { try $0.notices(of: row) }
            #expect((counts.open, counts.sent, counts.failed) == (1, 1, 0))
            // What was under way when the server stopped is not sent again.
            var released = 0
            try fixture.store.write { released = try $0.releaseInterruptedNotices() }
            #expect(released == 1)
            let interrupted = try fixture.store.read { try $0.notices(of: row, limit: 1) }
            #expect(interrupted.map(\.state) == [.cancelled])
            #expect(interrupted.map(\.mayBeRepeated) == [true])
        }
    }

    @Test("answers whom a message has reached, and their numbers", arguments: StoreUnderTest.allCases)
    func recipients(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            var fixture = fixture
            let app = try fixture.app()
            let phone = try fixture.device(app, "ann", token: "a")
            let tablet = try fixture.device(app, "ann", token: "b")
            _ = try fixture.device(app, "ben")
            _ = try fixture.device(app, "carl")
            let message = try fixture.send(app, to: Audience(.all), confirm: true)
            _ = try fixture.apply(.sent(message.id, tablet.number, .webSocket, at: fixture.clock.now))
            _ = try fixture.apply(DeliveryChange(message.id, phone.number, .received, at: fixture.clock.now))
            _ = try fixture.device(app, "dan", token: "token-carl")
            let recipients = try fixture.store.read { try $0.recipients(of: message.id, limit: 9) }
            #expect(recipients == ["ann": true, "ben": false])
            #expect(try fixture.store.read { try $0.recipients(of: message.id, limit: 1) }.count == 1)

            func register(_ token: String, _ mobile: String?, tenant: String = "") throws {
                fixture.clock.advance(by: .seconds(1))
                let registration = DeviceRegistration(
                    app: app.number, tenant: tenant, alias: "ann", platform: .android, nativeToken: token,
                    mobile: mobile)
                try fixture.store.write { _ = try $0.register(registration, newID: token, at: fixture.clock.now) }
            }
            func mobile(_ tenant: String = "") throws -> String? {
                try fixture.store.read { try $0.mobile(of: "ann", app: app.number, tenant: tenant) }
            }
            #expect(try mobile() == nil)
            try register("c", "1")
            try register("d", "2")
            try register("e", nil)
            try register("f", "3", tenant: "other")
            #expect(try mobile() == "2")
            #expect(try mobile("other") == "3")
        }
    }

    @Test("puts open deliveries of a kind into a vendor's outbox, once", arguments: StoreUnderTest.allCases)
    func outbox(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            var fixture = fixture
            let app = try fixture.app()
            let devices = try ["a", "b", "c"].map { try fixture.device(app, $0) }
            _ = try fixture.device(app, "d", platform: .ios)
            let message = try fixture.send(app, to: Audience(.all), confirm: true)
            let now = fixture.clock.now
            let route = Route(rawValue: "vendor")
            _ = try fixture.apply(.sent(message.id, devices[0].number, .webSocket, at: now))
            _ = try fixture.apply(.sent(message.id, devices[1].number, route, at: now))
            _ = try fixture.apply(DeliveryChange(message.id, devices[2].number, .received, at: now))
            let android = DeviceKind(platform: .android, vendor: nil)
            let kinds = try fixture.store.read { try $0.openKinds(of: message.id) }
            #expect(Set(kinds) == [android, DeviceKind(platform: .ios, vendor: nil)])
            var counts: [Int] = []
            for _ in 0..<2 {
                try fixture.store.write {
                    counts.append(try $0.putIntoOutbox(of: route, app.number, message.id, android))
                }
            }
            #expect(counts == [1, 0])
            let entries = try fixture.store.read {
                try $0.outbox(of: route, app.number, after: .zero, limit: 9, at: now)
            }
            #expect(entries.map(\.key) == [DeliveryKey(message: message.id, device: devices[0].number)])
        }
    }

    @Test("forgets what belongs to a message that is removed", arguments: StoreUnderTest.allCases)
    func purge(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            var fixture = fixture
            let app = try fixture.app()
            let old = try fixture.send(app, to: Audience(.all), confirm: true, timeToLive: 1)
            let open = try fixture.send(app, to: Audience(.all), confirm: true)
            let now = fixture.clock.now
            var row: Int64 = 0
            try fixture.store.write { transaction in
                try transaction.insert(Escalation(plan, of: open))
                var ended = Escalation(plan, of: old)
                try transaction.insert(ended)
                ended.end(.expired, at: now)
                try transaction.update(ended)
                var record = EscalationRecord(message: old.id, step: 0, at: now, code: "c", detail: "")
                record.id = try transaction.insert(record)
                row = record.noticeRow
                try transaction.insert([
                    Notice(row: row, userNumber: "1", mode: .sms, address: "1", title: "", text: "t", app: app.number)
                ])
            }
            fixture.clock.advance(by: .seconds(100))
            #expect(try fixture.purge(app, by: Retention(age: 50)) == 1)
            #expect(try fixture.store.read { try $0.escalation(of: old.id) } == nil)
            #expect(try fixture.store.read { try $0.escalationRecords(of: old.id) }.isEmpty)
            #expect(try fixture.store.read { try $0.notices(of: row, limit: 9) }.isEmpty)
            #expect(try fixture.store.read { try $0.escalation(of: open.id) } != nil)
        }
    }
}
