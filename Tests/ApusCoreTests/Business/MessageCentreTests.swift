import ApusCore
import ApusTestKit
import Logging
import NIOCore
import Testing

@Suite("MessageCentre")
struct MessageCentreTests {
    private struct House {
        let fixture: DispatcherFixture
        let centre: MessageCentre
        let sms: RecordingSender

        var store: InMemoryMessageStore { fixture.store }
        var clock: ManualClock { fixture.clock }

        func add(_ row: CentreRow) throws -> Int64 {
            var id: Int64 = 0
            try store.write { id = try $0.insertRow(row, at: clock.now) }
            return id
        }

        func row(_ id: Int64) throws -> CentreRow {
            try #require(try store.read { try $0.centreRow(id) })
        }

        var letters: [DeadLetter] { get throws { try store.read { try $0.deadLetters(before: nil, limit: 100) } } }

        /// Returns once what the senders answered is written.
        func settled(_ id: Int64, _ state: CentreRow.State) async throws -> CentreRow {
            try await eventually("row \(id) in state \(state)") { try row(id).state == state }
            return try row(id)
        }
    }

    private func with(_ body: (House) async throws -> Void) async throws {
        try await DispatcherFixture.with { fixture in
            for (number, mobile) in [("1001", "138"), ("1002", "139"), ("1003", "")] {
                try fixture.store.write {
                    try $0.putUser(
                        BusinessUser(number: number, name: number, password: "x", mobile: mobile),
                        at: fixture.clock.now)
                }
            }
            _ = try fixture.device("1001", token: "a")
            _ = try fixture.device("1002", token: "b")
            let sms = RecordingSender(.sms)
            try await body(House(fixture: fixture, centre: Self.centre(fixture, sms), sms: sms))
        }
    }

    private static func centre(_ fixture: DispatcherFixture, _ sms: RecordingSender) -> MessageCentre {
        var settings = BusinessSettings()
        settings.appID = "app"
        return MessageCentre(
            dispatcher: fixture.dispatcher,
            apps: AppRegistry(apps: [fixture.app], messagesPerSecond: 0, clock: fixture.clock), settings: settings,
            senders: [sms], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func push(_ receivers: String, level: Int64 = 1) -> CentreRow {
        CentreRow(title: "t", content: "c\(level)", mode: "push", level: level, receivers: receivers)
    }

    private let sms = CentreRow(
        title: "t", content: "text", extra: #"{"code":"7"}"#, mode: "sms", receivers: "1001,1002")

    @Test("a row becomes one message to all its receivers")
    func pushes() async throws {
        try await with { house in
            let id = try house.add(push("1001,1002,1003,7"))
            try await house.centre.scan()
            try await house.centre.scan()
            let row = try house.row(id)
            #expect(row.state == .done)
            #expect(row.remark == "Apus: unknown user: 7; without a device: 1003")
            let pushID = try #require(Int64((row.result ?? "").dropFirst("push_message#".count)))
            let message = try #require(try house.store.read { try $0.businessPush(pushID)?.message })
            #expect(try house.store.read { try $0.counts(of: message) }.total == 2)
            #expect(try house.store.read { try $0.lastMessage() } == message)
        }
    }

    @Test("higher levels come first")
    func levels() async throws {
        try await with { house in
            for level in [1, 9, 5] { _ = try house.add(push("1001", level: Int64(level))) }
            try await house.centre.scan()
            let device = try #require(
                try house.store.read { try $0.devices(DeviceFilter(alias: "1001"), after: nil, limit: 1) }.first)
            let pending = try house.store.read {
                try $0.pending(for: device.number, after: .zero, limit: 10, at: house.clock.now)
            }
            #expect(pending.map(\.message.content.alert) == ["c9", "c5", "c1"])
        }
    }

    @Test("a connected device gets what the message centre sends at once")
    func handsOver() async throws {
        try await with { house in
            let device = try #require(
                try house.store.read { try $0.devices(DeviceFilter(alias: "1001"), after: nil, limit: 1) }.first)
            let connected = try await house.fixture.connect(device)
            try await house.fixture.settle()
            _ = try house.add(push("1001"))
            try await house.centre.scan()
            try await house.fixture.settle()
            #expect(try await connected.messages.count == 1)
        }
    }

    @Test("a schedule makes a row at its time, and a recurring one again and again")
    func schedules() async throws {
        try await with { house in
            let start = house.clock.now
            let row = CentreRow(
                title: "t", content: "c", mode: "push", receivers: "1001", app: house.fixture.app.number)
            var ids: [Int64] = []
            try house.store.write { transaction in
                for cron in [nil, "* * * * *"] {
                    ids.append(
                        try transaction.insertSchedule(
                            Schedule(
                                row: row, appID: "app", next: start.adding(seconds: 60), cron: cron, createdAt: start)))
                }
            }
            try await house.centre.scan()
            #expect(try house.store.read { try $0.centreRow(1_000_000) } == nil)
            #expect(try house.store.read { try $0.lastMessage() } == .zero)
            house.clock.advance(by: .seconds(61))
            try await house.centre.scan()
            try await house.centre.scan()
            let once = try #require(try house.store.read { try $0.schedule(ids[0]) })
            let recurring = try #require(try house.store.read { try $0.schedule(ids[1]) })
            #expect(once.state == .done && once.next == nil && once.lastRow != nil)
            #expect(recurring.state == .waiting && recurring.lastRow != once.lastRow)
            // What passed while nobody looked comes once.
            house.clock.advance(by: .minutes(10))
            try await house.centre.scan()
            let later = try #require(try house.store.read { try $0.schedule(ids[1]) })
            #expect(later.lastRow != recurring.lastRow)
            #expect(try #require(later.next) > house.clock.now)
            #expect(try house.store.read { try $0.waitingRows(limit: 10) }.isEmpty)
        }
    }

    @Test("an SMS goes to each receiver's number, and the row is done when all are answered")
    func sends() async throws {
        try await with { house in
            let id = try house.add(sms)
            try await house.centre.scan()
            let row = try await house.settled(id, .done)
            #expect(row.result == "sms: 2 sent, 0 failed" && row.remark == nil)
            #expect(house.sms.taken.map(\.receiver).sorted() == ["138", "139"])
            #expect(Set(house.sms.taken.map(\.key)).count == 2)
            #expect(house.sms.taken.allSatisfy { $0.key.count <= 44 && $0.extra == #"{"code":"7"}"# })
            #expect(house.sms.taken.allSatisfy { $0.text == "text" && $0.app == house.fixture.app.number })
        }
    }

    @Test("what is not taken is tried again later, with longer and longer pauses, and is a dead letter in the end")
    func retries() async throws {
        try await with { house in
            house.sms.answer(contentsOf: Array(repeating: .later(reason: "full", afterSeconds: nil), count: 8))
            var row = sms
            row.receivers = "1001"
            let id = try house.add(row)
            for attempt in 1...8 {
                try await house.centre.scan()
                try await eventually("attempt \(attempt)") {
                    try house.store.read { try $0.notice(of: id, user: "1001")?.state } != .sending
                }
                #expect(house.sms.taken.count == attempt)
                try await house.centre.scan()
                #expect(house.sms.taken.count == attempt, "it was tried again without a pause")
                house.clock.advance(by: .minutes(65))
            }
            let failed = try await house.settled(id, .failed)
            #expect(failed.remark == "Apus: 1001 failed: full" && failed.result == "sms: 0 sent, 1 failed")
            let letter = try #require(try house.letters.first)
            #expect(letter.userNumber == "1001" && letter.attempts == 8 && letter.reason == "full")
        }
    }

    @Test("a short trouble of a service uses up no attempts, whatever pause it asks for")
    func shortTrouble() async throws {
        try await with { house in
            house.sms.answer(
                contentsOf: Array(repeating: .putOff(reason: "in trouble", afterSeconds: 6), count: 20)
                    + Array(repeating: .later(reason: "full", afterSeconds: 1), count: 7))
            var row = sms
            row.receivers = "1001"
            let id = try house.add(row)
            let start = house.clock.now
            while house.sms.taken.count < 28 {
                try await house.centre.scan()
                try await eventually { try house.store.read { try $0.notice(of: id, user: "1001")?.state } != .sending }
                house.clock.advance(by: .seconds(5))
            }
            _ = try await house.settled(id, .done)
            #expect(house.clock.now >= start.adding(seconds: 3600))
        }
    }

    @Test("a dead letter is sent to the number that the user has by then")
    func replays() async throws {
        try await with { house in
            house.sms.answer(contentsOf: [.refused(reason: "no such number")])
            var row = sms
            row.receivers = "1001"
            let id = try house.add(row)
            try await house.centre.scan()
            _ = try await house.settled(id, .failed)
            try house.store.write {
                try $0.putUser(
                    BusinessUser(number: "1001", name: "x", password: "x", mobile: "150"), at: house.clock.now)
            }
            _ = try await house.centre.replay(try #require(try house.letters.first).id)
            try await house.centre.scan()
            _ = try await house.settled(id, .done)
            #expect(house.sms.taken.map(\.receiver) == ["138", "150"])
            #expect(try house.letters.isEmpty)
            await #expect(throws: ApusError.self) { try await house.centre.replay(1) }
        }
    }

    @Test("a row that is set back is sent to those who did not get it, and to nobody else")
    func again() async throws {
        try await with { house in
            house.sms.answer(contentsOf: [.refused(reason: "no such number")])
            let id = try house.add(sms)
            try await house.centre.scan()
            var row = try await house.settled(id, .done)
            for taken in [3, 3] {
                row.state = .waiting
                try house.store.write { try $0.setState(of: row, at: house.clock.now) }
                try await house.centre.scan()
                row = try await house.settled(id, .done)
                #expect(row.result == "sms: 2 sent, 0 failed")
                #expect(house.sms.taken.count == taken)
                #expect(try house.letters.isEmpty)
            }
        }
    }

    @Test("a row that is set back while its notices are under way is acted on again")
    func againMeanwhile() async throws {
        try await with { house in
            let id = try house.add(sms)
            house.sms.holdsAnswers = true
            try await house.centre.scan()
            var row = try house.row(id)
            #expect(row.state == .claimed)
            row.state = .waiting
            row.receivers = "1001,1002"
            try house.store.write { try $0.setState(of: row, at: house.clock.now) }
            house.sms.holdsAnswers = false
            try await eventually {
                try house.store.read { try $0.notices(of: id) }.open == 0
            }
            #expect(try house.row(id).state == .waiting)
            try await house.centre.scan()
            #expect(try house.row(id).state == .done)
        }
    }

    @Test("a notice that is too long fails its row, which says how long it may be")
    func tooLong() async throws {
        try await with { house in
            var row = sms
            row.content = String(repeating: "x", count: 65_536)
            let id = try house.add(row)
            try await house.centre.scan()
            #expect(try house.row(id).state == .failed)
            #expect(try house.row(id).result?.contains("an SMS or e-mail may have 65536") == true)
        }
    }

    @Test("what may have arrived is sent again, and the row says who may have got it twice")
    func unknown() async throws {
        try await with { house in
            house.sms.answer(contentsOf: [.unknown(reason: "no answer")])
            var row = sms
            row.receivers = "1001"
            let id = try house.add(row)
            try await house.centre.scan()
            try await eventually { try house.store.read { try $0.notice(of: id, user: "1001")?.state } == .waiting }
            house.clock.advance(by: .minutes(2))
            try await house.centre.scan()
            #expect(try await house.settled(id, .done).remark == "Apus: 1001 may have got it twice")
            #expect(Set(house.sms.taken.map(\.key)).count == 1 && house.sms.taken.count == 2)
        }
    }

    @Test("what a sender had when the server stopped is sent again by the next, and marked")
    func interrupted() async throws {
        try await with { house in
            var row = sms
            row.receivers = "1001"
            row.state = .claimed
            let id = try house.add(row)
            try house.store.write { transaction in
                try transaction.insert([
                    Notice(
                        row: id, userNumber: "1001", mode: .sms, address: "138", title: "t", text: "text",
                        app: house.fixture.app.number)
                ])
                _ = try transaction.claimNotices(.sms, at: house.clock.now, limit: 1) { _ in 1 }
            }
            let next = Self.centre(house.fixture, house.sms)
            let running = Task { await next.run() }
            let row2 = try await house.settled(id, .done)
            running.cancel()
            await running.value
            #expect(row2.remark == "Apus: 1001 may have got it twice")
            #expect(house.sms.taken.map(\.receiver) == ["138"])
        }
    }

    @Test("an app whose service does not answer leaves room for others")
    func hanging() async throws {
        try await with { house in
            let other = try StoreFixture(house.store, clock: house.clock).app("other").number
            func notices(_ count: Int, of app: AppNumber, row: Int64) -> [Notice] {
                (0..<count).map {
                    Notice(
                        row: row, userNumber: "\($0)", mode: .sms, address: "138", title: "t", text: "text", app: app)
                }
            }
            let hanging = house.fixture.app.number
            house.sms.holdsAnswers = true
            try house.store.write { try $0.insert(notices(100, of: hanging, row: 1)) }
            try await house.centre.scan()
            try await house.centre.scan()
            #expect(house.sms.taken.count == 32)
            try house.store.write { try $0.insert(notices(100, of: other, row: 2)) }
            try await house.centre.scan()
            #expect(
                house.sms.taken.map(\.app) == Array(repeating: hanging, count: 32) + Array(repeating: other, count: 32))
            house.sms.holdsAnswers = false
            let scans = Task { while !Task.isCancelled { try await house.centre.scan() } }
            try await eventually { house.sms.taken.count == 200 }
            scans.cancel()
            try await scans.value
        }
    }

    @Test("a sender that is busy is offered it again, and no attempt counts")
    func busy() async throws {
        try await with { house in
            house.sms.setBusy(true)
            let id = try house.add(sms)
            try await house.centre.scan()
            try await eventually { try house.store.read { try $0.notice(of: id, user: "1002")?.state } == .waiting }
            try await eventually { try house.store.read { try $0.notice(of: id, user: "1001")?.state } == .waiting }
            #expect(try house.store.read { try $0.notice(of: id, user: "1001")?.attempts } == 0)
            house.sms.setBusy(false)
            house.clock.advance(by: .seconds(2))
            try await house.centre.scan()
            _ = try await house.settled(id, .done)
        }
    }

    @Test("a mode without a sender fails the row and says so")
    func noSender() async throws {
        try await with { house in
            var row = sms
            row.mode = "email"
            let id = try house.add(row)
            try await house.centre.scan()
            #expect(try house.row(id).result?.hasPrefix("no e-mail sender is configured: ") == true)
            #expect(try house.letters.map(\.row) == [id])
        }
    }

    @Test("clear passwords are hashed, however many there are")
    func hashes() async throws {
        try await with { house in
            try house.store.write { transaction in
                for number in 1...4 {
                    try transaction.putUser(
                        BusinessUser(number: "u\(number)", name: "", password: "p\(number)"), at: house.clock.now)
                }
            }
            let running = Task { await house.centre.run() }
            try await eventually("all are hashed") {
                try house.store.read { try $0.usersWithClearPassword(limit: 1) }.isEmpty
            }
            running.cancel()
            await running.value
            let user = try #require(try house.store.read { try $0.user("u4") })
            #expect(try #require(PasswordHash(user.password)).matches("p4"))
        }
    }
}
