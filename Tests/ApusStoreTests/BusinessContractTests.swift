import ApusCore
import ApusTestKit
import NIOCore
import Testing

@Suite("MessageStore, business users, devices and pushes")
struct BusinessContractTests {
    private func login(
        _ fixture: StoreFixture, _ app: App, _ user: String, uuid: String, token: String, platform: Platform = .android
    ) throws -> LoggedIn {
        let login = DeviceLogin(
            userNumber: user, uuid: uuid, name: "phone", platform: platform, os: "os", osVersion: "1",
            pushToken: token, pushPlatform: "umeng", app: app.number)
        var result: LoggedIn?
        try fixture.store.write { result = try $0.logIn(login, newID: RandomToken.hex128(), at: fixture.clock.now) }
        return try #require(result)
    }

    private func isActive(_ fixture: StoreFixture, _ login: LoggedIn) throws -> Bool {
        try fixture.store.read { try $0.isActive(login.device.number) }
    }

    @Test("keeps users by their numbers", arguments: StoreUnderTest.allCases)
    func users(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            var ann = BusinessUser(number: "1", name: "Ann", password: "clear", email: "a@b", mobile: "138")
            try fixture.store.write { try $0.putUser(ann, at: fixture.clock.now) }
            ann.id = try #require(try fixture.store.read { try $0.user("1") }).id
            #expect(try fixture.store.read { try $0.user("1") } == ann)
            #expect(try fixture.store.read { try $0.usersWithClearPassword(limit: 10) } == [ann])
            try fixture.store.write { try $0.setPassword("scrypt$x", ofUser: "1", at: fixture.clock.now) }
            #expect(try fixture.store.read { try $0.usersWithClearPassword(limit: 10) }.isEmpty)
            (ann.isActive, ann.password, ann.name) = (false, "scrypt$y", "Anna")
            try fixture.store.write { try $0.putUser(ann, at: fixture.clock.now) }
            #expect(try fixture.store.read { try $0.user("1") } == ann)
            #expect(try fixture.store.read { try $0.user("2") } == nil)
            for number in ["30", "2", "10"] {
                try fixture.store.write {
                    try $0.putUser(BusinessUser(number: number, name: "", password: "x"), at: fixture.clock.now)
                }
            }
            #expect(try fixture.store.read { try $0.users(after: nil, limit: 3) }.map(\.number) == ["1", "10", "2"])
            #expect(try fixture.store.read { try $0.users(after: "2", limit: 3) }.map(\.number) == ["30"])
        }
    }

    @Test(
        "knows whom a token belongs to until it expires, and the last twenty of each user",
        arguments: StoreUnderTest.allCases)
    func tokens(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            let app = try fixture.app()
            for number in ["1", "2"] {
                try fixture.store.write {
                    try $0.putUser(BusinessUser(number: number, name: "x", password: "x"), at: fixture.clock.now)
                }
            }
            func signIn(_ number: String, _ token: String) throws {
                try fixture.store.write {
                    try $0.record(
                        SignIn(
                            userNumber: number, app: app.number, token: SecretHash(of: token),
                            expiresAt: fixture.clock.now.adding(seconds: 60), address: "a", browser: "b", version: ""),
                        at: fixture.clock.now)
                }
                fixture.clock.advance(by: .milliseconds(1))
            }
            func bearer(_ token: String) throws -> TokenBearer? {
                try fixture.store.read { try $0.bearer(of: SecretHash(of: token), at: fixture.clock.now) }
            }
            try signIn("2", "other")
            for number in 0..<21 { try signIn("1", "t\(number)") }
            #expect(try bearer("t20") == TokenBearer(userNumber: "1", app: app.number))
            #expect(try bearer("t1") != nil && bearer("t0") == nil && bearer("other") != nil)
            #expect(try bearer("nobody's") == nil)
            fixture.clock.advance(by: .seconds(61))
            #expect(try bearer("t20") == nil)
            try fixture.store.write { try $0.removeExpiredTokens(at: fixture.clock.now) }
        }
    }

    @Test("keeps an installation's device, whoever logs in with whatever token", arguments: StoreUnderTest.allCases)
    func stable(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            let app = try fixture.app()
            let ann = try login(fixture, app, "ann", uuid: "u", token: "t")
            let again = try login(fixture, app, "ann", uuid: "u", token: "t2")
            let bob = try login(fixture, app, "bob", uuid: "u", token: "t2", platform: .ios)
            #expect(again.userDevice == ann.userDevice && again.device.id == ann.device.id && again.former == nil)
            #expect(bob.userDevice != ann.userDevice && bob.device.id == ann.device.id)
            #expect(bob.device.alias == "bob" && bob.device.platform == .ios && bob.device.nativeToken == "t2")
            #expect(bob.device.vendor == .umeng)
        }
    }

    @Test("ends logins on an installation whose token another one has now", arguments: StoreUnderTest.allCases)
    func reinstalled(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            let app = try fixture.app()
            let old = try login(fixture, app, "ann", uuid: "old", token: "t")
            let new = try login(fixture, app, "ann", uuid: "new", token: "t")
            #expect(new.device.id == old.device.id && new.userDevice != old.userDevice)
            #expect(try isActive(fixture, new))
            // The old installation comes back with a token of its own.
            let back = try login(fixture, app, "bob", uuid: "old", token: "t3")
            #expect(back.device.id != new.device.id && back.device.alias == "bob")
            #expect(try isActive(fixture, new))
            // It takes over a token that is another's: its own device ends.
            let taken = try login(fixture, app, "bob", uuid: "old", token: "t")
            #expect(taken.device.id == new.device.id && taken.former == back.device.number)
            #expect(try !isActive(fixture, back) && isActive(fixture, taken))
        }
    }

    @Test("logs everybody out of a device, and only by a login of the user's", arguments: StoreUnderTest.allCases)
    func logOut(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            let app = try fixture.app()
            let ann = try login(fixture, app, "ann", uuid: "u", token: "t")
            let bob = try login(fixture, app, "bob", uuid: "u", token: "t")
            var ended: [DeviceNumber]?
            try fixture.store.write {
                ended = try $0.logOut(bob.userDevice, of: "ann", for: app.number, at: fixture.clock.now)
            }
            #expect(try ended == nil && isActive(fixture, bob))
            // Ann's login is over, but a row of hers it is.
            try fixture.store.write {
                ended = try $0.logOut(ann.userDevice, of: "ann", for: app.number, at: fixture.clock.now)
            }
            #expect(try ended == [bob.device.number] && !isActive(fixture, bob))
            let back = try login(fixture, app, "bob", uuid: "u", token: "t")
            #expect(try back.userDevice == bob.userDevice && back.device.id == bob.device.id && isActive(fixture, back))
        }
    }

    @Test("keeps apart the installations of two apps that have the same name", arguments: StoreUnderTest.allCases)
    func apps(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            let (one, two) = (try fixture.app(), try fixture.app("two"))
            let ours = try login(fixture, one, "ann", uuid: "u", token: "t1")
            let theirs = try login(fixture, two, "ann", uuid: "u", token: "t2")
            #expect(theirs.userDevice != ours.userDevice && theirs.device.id != ours.device.id)
            #expect(try isActive(fixture, ours) && isActive(fixture, theirs))
            var ended: [DeviceNumber]?
            try fixture.store.write {
                ended = try $0.logOut(ours.userDevice, of: "ann", for: two.number, at: fixture.clock.now)
            }
            #expect(try ended == nil && isActive(fixture, ours))
            try fixture.store.write {
                ended = try $0.logOut(theirs.userDevice, of: "ann", for: two.number, at: fixture.clock.now)
            }
            #expect(try ended == [theirs.device.number] && isActive(fixture, ours))
            #expect(try login(fixture, one, "bob", uuid: "u", token: "t1").device.id == ours.device.id)
        }
    }

    @Test("a push has the tokens of its deliveries and stands as they do", arguments: StoreUnderTest.allCases)
    func push(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            var fixture = fixture
            let app = try fixture.app()
            let phone = try login(fixture, app, "ann", uuid: "u1", token: "i1", platform: .ios)
            _ = try login(fixture, app, "ann", uuid: "u2", token: "a1")
            let message = try fixture.send(app, to: Audience(.alias, ["ann"]))
            let push = BusinessPush(message: message.id, title: "t", content: "c", extra: "{}")
            var ids: [Int64] = []
            for _ in 0..<2 { try fixture.store.write { ids.append(try $0.insertPush(push, at: fixture.clock.now)) } }
            #expect(ids[0] == ids[1])
            var found = try #require(try fixture.store.read { try $0.businessPush(ids[0]) })
            #expect((found.title, found.content, found.extra, found.message) == ("t", "c", "{}", message.id))
            #expect(found.ios.tokens == "i1" && found.android.tokens == "a1")
            #expect(found.ios.status == "1 unsent" && found.ios.result == nil)
            _ = try fixture.apply(.sent(message.id, phone.device.number, .webSocket, at: fixture.clock.now))
            found = try #require(try fixture.store.read { try $0.businessPush(ids[0]) })
            #expect(found.ios.status == "1 sent" && found.ios.result == "SUCCESS" && found.android.result == nil)
            #expect(try fixture.store.read { try $0.businessPush(ids[0] + 1) } == nil)
        }
    }

    @Test("pushes are refreshed page by page until nothing more becomes of them", arguments: StoreUnderTest.allCases)
    func openPushes(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            var fixture = fixture
            let app = try fixture.app()
            let phone = try login(fixture, app, "ann", uuid: "u1", token: "i1", platform: .ios)
            var messages: [Message] = []
            for _ in 0..<3 {
                let message = try fixture.send(app, to: Audience(.alias, ["ann"]))
                messages.append(message)
                try fixture.store.write { transaction in
                    _ = try transaction.insertPush(
                        BusinessPush(message: message.id, title: "t", content: "c", extra: nil), at: fixture.clock.now)
                }
            }
            func open(before: MessageID? = nil) throws -> [OpenPush] {
                try fixture.store.read { try $0.openPushes(before: before, limit: 2) }
            }
            let page = try open()
            #expect(page.map(\.message) == [messages[2].id, messages[1].id])
            #expect(page.allSatisfy { !$0.isOver && $0.standings?[.ios]?.text == "1 unsent" })
            #expect(try open(before: page.last?.message).map(\.message) == [messages[0].id])
            _ = try fixture.apply(
                .ended(messages[2].id, phone.device.number, .cancelled, at: fixture.clock.now))
            #expect(try open().map(\.isOver) == [true, false])
            try fixture.store.write { try $0.refresh($0.openPushes(before: nil, limit: 2), at: fixture.clock.now) }
            #expect(try open().map(\.message) == [messages[1].id, messages[0].id])
            // What the message became stands in its row when it is not kept any more.
            fixture.clock.advance(by: .hours(24 * 60))
            #expect(try fixture.purge(app, by: Retention(age: 86_400)) > 0)
            #expect(try open().allSatisfy { $0.standings == nil && $0.isOver })
        }
    }

    @Test("a vendor's job fills the columns of its platform", arguments: StoreUnderTest.allCases)
    func tasks(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            var fixture = fixture
            let app = try fixture.app()
            _ = try login(fixture, app, "ann", uuid: "u1", token: "i1", platform: .ios)
            let message = try fixture.send(app, to: Audience(.alias, ["ann"]))
            var id: Int64 = 0
            try fixture.store.write { transaction in
                let push = BusinessPush(message: message.id, title: "t", content: "c", extra: nil)
                id = try transaction.insertPush(push, at: fixture.clock.now)
                for status in ["queued", "done"] {
                    try transaction.putTask(
                        VendorTask(
                            message: message.id, app: app.number, route: .umeng, platform: .ios, id: "uf1",
                            status: VendorTaskStatus(
                                result: "SUCCESS", status: status, response: "{}", at: fixture.clock.now,
                                isFinal: status == "done")))
                }
                try transaction.refresh(transaction.openPushes(before: nil, limit: 10), at: fixture.clock.now)
            }
            let push = try #require(try fixture.store.read { try $0.businessPush(id) })
            #expect(push.ios.taskID == "uf1" && push.ios.status == "done" && push.ios.response == "{}")
            #expect(push.ios.result == "SUCCESS" && push.android.taskID == nil && push.android.status == "no device")
        }
    }

    @Test("takes an imported row once, and none whose id another has", arguments: StoreUnderTest.allCases)
    func imports(_ store: StoreUnderTest) throws {
        try store.with { fixture in
            func take(_ values: [String: String?]) throws -> ImportedRow.Outcome? {
                var outcome: ImportedRow.Outcome?
                try fixture.store.write {
                    outcome = try $0.importRow(ImportedRow(table: .users, values: values), at: fixture.clock.now)
                }
                return outcome
            }
            let ann = ["id": "7", "user_name": "Ann", "user_num": "1", "user_pass": "x", "mobile": "138"]
            #expect(try take(ann) == .taken)
            #expect(try take(ann) == .alreadyThere)
            #expect(try take(ann.merging(["user_num": "2"]) { $1 }) == .refused(reason: "another row has the id 7"))
            #expect(
                try take(["id": "8", "user_name": "x", "user_pass": "x"]) == .refused(reason: "user_num is missing"))
            #expect(
                try take(ann.merging(["id": "x"]) { $1 }) == .refused(reason: "id is no whole number: x"))
            let user = try #require(try fixture.store.read { try $0.user("1") })
            #expect(user.mobile == "138" && user.email == "" && user.isActive)
        }
    }
}
