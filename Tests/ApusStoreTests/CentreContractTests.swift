import ApusCore
import ApusTestKit
import NIOCore
import Testing

@Suite("MessageStore, message centre")
struct CentreContractTests {
    private func row(_ level: Int64 = 1, receivers: String = "1") -> CentreRow {
        CentreRow(title: "t", content: "c", extra: "{}", mode: "push", level: level, receivers: receivers)
    }

    private func insert(_ fixture: StoreFixture, _ row: CentreRow) throws -> CentreRow {
        var row = row
        try fixture.store.write { row.id = try $0.insertRow(row, at: fixture.clock.now) }
        return row
    }

    @Test("answers rows that wait by level and age, until they are marked", arguments: StoreUnderTest.allCases)
    func rows(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            let app = try fixture.app()
            let first = try insert(fixture, row(1))
            let second = try insert(fixture, row(1))
            var urgent = row(10, receivers: "1,2")
            urgent.app = app.number
            urgent = try insert(fixture, urgent)
            #expect(try fixture.store.read { try $0.waitingRows(limit: 10) } == [urgent, first, second])
            #expect(try fixture.store.read { try $0.waitingRows(limit: 1) } == [urgent])
            (urgent.state, urgent.result, urgent.remark) = (.done, "push_message#1", "Apus: x")
            try fixture.store.write { try $0.setState(of: urgent, at: fixture.clock.now) }
            #expect(try fixture.store.read { try $0.waitingRows(limit: 10) } == [first, second])
            #expect(try fixture.store.read { try $0.centreRow(urgent.id) } == urgent)
            #expect(try fixture.store.read { try $0.centreRow(0) } == nil)
        }
    }

    @Test("answers schedules that are due, and when the next one is", arguments: StoreUnderTest.allCases)
    func schedules(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            let (app, other) = (try fixture.app(), try fixture.app("other"))
            let now = fixture.clock.now
            func add(_ app: App, in seconds: Int64) throws -> Schedule {
                var template = row()
                template.app = app.number
                var schedule = Schedule(
                    row: template, appID: app.id, next: now.adding(seconds: seconds), cron: "* * * * *",
                    timeZone: "Asia/Shanghai", createdAt: now)
                try fixture.store.write { schedule.id = try $0.insertSchedule(schedule) }
                return schedule
            }
            #expect(try fixture.store.read { try $0.nextCentreTime() } == nil)
            let (late, early, others) = (try add(app, in: 60), try add(app, in: 10), try add(other, in: 90))
            #expect(try fixture.store.read { try $0.nextCentreTime() } == early.next)
            #expect(try fixture.store.read { try $0.dueSchedules(at: now, limit: 10) }.isEmpty)
            let due = try fixture.store.read { try $0.dueSchedules(at: now.adding(seconds: 60), limit: 10) }
            #expect(due == [early, late])
            #expect(try fixture.store.read { try $0.schedules(of: nil, before: nil, limit: 2) } == [others, early])
            #expect(try fixture.store.read { try $0.schedules(of: nil, before: early.id, limit: 2) } == [late])
            #expect(try fixture.store.read { try $0.schedules(of: other.number, before: nil, limit: 9) } == [others])
            var over = early
            (over.state, over.next, over.lastRow) = (.done, nil, 7)
            try fixture.store.write { try $0.update(over) }
            #expect(try fixture.store.read { try $0.schedule(early.id) } == over)
            #expect(try fixture.store.read { try $0.nextCentreTime() } == late.next)
            try fixture.store.write { try $0.removeOldSchedules(before: now.adding(seconds: 1), limit: 10) }
            #expect(try fixture.store.read { try $0.schedules(of: nil, before: nil, limit: 9) } == [others, late])
        }
    }

    @Test("gives each app its share of a claim, the most urgent first", arguments: StoreUnderTest.allCases)
    func shares(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            let (app, other) = (try fixture.app(), try fixture.app("other"))
            func notices(_ app: App, _ row: Int64, level: Int64) -> [Notice] {
                (0..<5).map {
                    Notice(
                        row: row, userNumber: "\($0)", mode: .sms, address: "138", title: "t", text: "x",
                        app: app.number, level: level)
                }
            }
            var claimed: [String] = []
            try fixture.store.write { transaction in
                try transaction.insert(notices(app, 1, level: 1) + notices(app, 2, level: 3))
                try transaction.insert(notices(other, 3, level: 2))
                let shares = [app.number: 2, other.number: 9]
                claimed = try transaction.claimNotices(.sms, at: fixture.clock.now, limit: 4) { shares[$0] ?? 0 }
                    .map { "\($0.row) \($0.userNumber)" }
                #expect(claimed == ["2 0", "2 1", "3 0", "3 1"])
                claimed = try transaction.claimNotices(.sms, at: fixture.clock.now, limit: 10) { shares[$0]! - 2 }
                    .map { "\($0.row) \($0.userNumber)" }
            }
            #expect(claimed == ["3 2", "3 3", "3 4"])
        }
    }

    @Test("gives each notice to one claim, when it is due", arguments: StoreUnderTest.allCases)
    func notices(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            let app = try fixture.app()
            let now = fixture.clock.now
            func notice(_ row: Int64, _ user: String, level: Int64 = 1) -> Notice {
                Notice(
                    row: row, userNumber: user, mode: .sms, address: "138", title: "t", text: "x", app: app.number,
                    level: level)
            }
            func claim(_ limit: Int = 10, _ mode: NotificationMode = .sms) throws -> [Notice] {
                var claimed: [Notice] = []
                try fixture.store.write { claimed = try $0.claimNotices(mode, at: now, limit: limit) { _ in limit } }
                return claimed
            }
            try fixture.store.write {
                try $0.insert([notice(1, "a"), notice(1, "b"), notice(2, "a", level: 9)])
            }
            #expect(try claim(10, .email).isEmpty)
            var urgent = try #require(try claim(1).first)
            #expect(urgent.row == 2 && urgent.attempts == 1 && urgent.state == .sending)
            let others = try claim()
            #expect(others.map(\.userNumber) == ["a", "b"])
            #expect(try claim().isEmpty)

            (urgent.state, urgent.notBefore, urgent.mayBeRepeated) = (.waiting, now.adding(seconds: 1), true)
            var sent = others[0]
            sent.state = .sent
            try fixture.store.write { transaction in
                try transaction.update(urgent)
                try transaction.update(sent)
            }
            #expect(try claim().isEmpty)
            #expect(try fixture.store.read { try $0.nextCentreTime() } == urgent.notBefore)
            #expect(try fixture.store.read { try $0.notice(of: 2, user: "a") } == urgent)
            let counts = try fixture.store.read { try $0.notices(of: 1) }
            #expect((counts.open, counts.sent, counts.failed) == (1, 1, 0))

            // After a crash, what was being sent waits again.
            var released = 0
            try fixture.store.write { released = try $0.releaseInterruptedNotices() }
            #expect(released == 1)
            var again = try #require(try claim().first)
            #expect(again.userNumber == "b" && again.mayBeRepeated && again.attempts == 2)

            // Acted on anew, a row repeats what failed and leaves what was sent.
            again.state = .failed
            try fixture.store.write { transaction in
                try transaction.update(again)
                try transaction.insert([notice(1, "a"), notice(1, "b")])
            }
            let repeated = try claim()
            #expect(repeated.map(\.userNumber) == ["b"] && repeated[0].attempts == 1 && repeated[0].mayBeRepeated)
        }
    }

    @Test("keeps dead letters until they are removed", arguments: StoreUnderTest.allCases)
    func deadLetters(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            for (row, user) in [(1, nil), (1, "a"), (2, "b")] as [(Int64, String?)] {
                try fixture.store.write {
                    try $0.insert(
                        DeadLetter(
                            row: row, mode: "sms", title: "t", userNumber: user, reason: "r", attempts: 3,
                            at: fixture.clock.now))
                }
            }
            let letters = try fixture.store.read { try $0.deadLetters(before: nil, limit: 10) }
            #expect(letters.map(\.userNumber) == ["b", "a", nil])
            #expect(letters[0].reason == "r" && letters[0].attempts == 3 && letters[0].at == fixture.clock.now)
            #expect(try fixture.store.read { try $0.deadLetters(before: letters[0].id, limit: 1) } == [letters[1]])
            var removed: DeadLetter?
            try fixture.store.write { removed = try $0.removeDeadLetter(letters[0].id) }
            #expect(removed == letters[0])
            try fixture.store.write { removed = try $0.removeDeadLetter(letters[0].id) }
            #expect(removed == nil)
            try fixture.store.write { try $0.removeDeadLetters(of: 1) }
            #expect(try fixture.store.read { try $0.deadLetters(before: nil, limit: 10) }.isEmpty)
        }
    }
}
