import ApusCore
import ApusStore
import ApusTestKit
import NIOCore
import Testing

@Suite("Every store, of accounts")
struct AccountContractTests {
    private func insert(
        _ name: String, _ app: App, _ fixture: StoreFixture, credentials: [UInt8] = [1, 2, 3]
    ) throws -> Account? {
        var account: Account?
        let registration = DeviceRegistration(
            app: app.number, alias: name, platform: .android, nativeToken: RandomToken.hex128())
        try fixture.store.write {
            account = try $0.insertAccount(
                named: name, credentials: credentials, registration: registration, deviceID: "device-of-\(name)",
                at: fixture.clock.now)
        }
        return account
    }

    // MARK: Accounts

    @Test("makes an account with its device, and finds it by its name", arguments: StoreUnderTest.allCases)
    func insert(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            let app = try fixture.app("shop")
            let ann = try #require(try insert("ann", app, fixture, credentials: Array(0...255)))
            #expect(ann.name == "ann" && ann.credentials == Array(0...255) && ann.deviceID == "device-of-ann")
            #expect(ann.alias == "ann" && ann.isActive && ann.app == app.number && ann.appID == "shop")
            #expect(ann.createdAt == fixture.clock.now)
            #expect(try fixture.store.read { try $0.account(named: "ann") } == ann)
            #expect(try fixture.store.read { try $0.account(named: "Ann") } == nil)
            let device = try #require(try fixture.store.read { try $0.device(id: "device-of-ann") })
            #expect(device.number == ann.device && device.isActive)
        }
    }

    @Test(
        "keeps a name to one account in all apps, and leaves nothing of the second", arguments: StoreUnderTest.allCases)
    func taken(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            let (one, two) = (try fixture.app("one"), try fixture.app("two"))
            let ann = try #require(try insert("ann", one, fixture))
            fixture.clock.advance(by: .seconds(1))
            #expect(try insert("ann", two, fixture, credentials: [9]) == nil)
            #expect(try fixture.store.read { try $0.account(named: "ann") } == ann)
            #expect(try fixture.store.read { try $0.devices(DeviceFilter(), after: nil, limit: 10) }.count == 1)
        }
    }

    @Test("lists accounts by name, by app and page by page", arguments: StoreUnderTest.allCases)
    func list(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            let (one, two) = (try fixture.app("one"), try fixture.app("two"))
            for name in ["carl", "ann", "eve"] { _ = try insert(name, one, fixture) }
            for name in ["bob", "dan"] { _ = try insert(name, two, fixture) }
            let list = { (app: String?, after: String?, limit: Int) in
                try fixture.store.read { try $0.accounts(appID: app, after: after, limit: limit) }.map(\.name)
            }
            #expect(try list(nil, nil, 10) == ["ann", "bob", "carl", "dan", "eve"])
            #expect(try list(nil, "bob", 2) == ["carl", "dan"])
            #expect(try list("one", nil, 10) == ["ann", "carl", "eve"])
            #expect(try list("two", "bob", 10) == ["dan"])
            #expect(try list("none", nil, 10).isEmpty)
        }
    }

    @Test("replaces credentials of an account that there is", arguments: StoreUnderTest.allCases)
    func credentials(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            _ = try insert("ann", try fixture.app(), fixture)
            try fixture.store.write { (transaction) throws in
                #expect(try transaction.replaceCredentials(ofAccount: "ann", with: [7]))
                #expect(try !transaction.replaceCredentials(ofAccount: "bob", with: [8]))
            }
            #expect(try fixture.store.read { try $0.account(named: "ann") }?.credentials == [7])
            #expect(try fixture.store.read { try $0.account(named: "bob") } == nil)
        }
    }

    @Test("removes an account and unregisters its device; the name is free then", arguments: StoreUnderTest.allCases)
    func remove(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            let app = try fixture.app()
            let ann = try #require(try insert("ann", app, fixture))
            try fixture.store.write { (transaction) throws in
                #expect(try transaction.removeAccount(named: "ann") == ann)
                #expect(try transaction.removeAccount(named: "ann") == nil)
            }
            #expect(try fixture.store.read { try $0.account(named: "ann") } == nil)
            #expect(try fixture.store.read { try $0.isActive(ann.device) } == false)
            let registration = DeviceRegistration(
                app: app.number, alias: "ann", platform: .android, nativeToken: "another")
            try fixture.store.write { (transaction) throws in
                let again = try transaction.insertAccount(
                    named: "ann", credentials: [], registration: registration, deviceID: "again",
                    at: fixture.clock.now)
                #expect(again?.device != ann.device)
            }
        }
    }

    @Test("tells of an account whose device was unregistered that it is not active", arguments: StoreUnderTest.allCases)
    func inactive(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            let ann = try #require(try insert("ann", try fixture.app(), fixture))
            try fixture.store.write { _ = try $0.deactivate(deviceID: ann.deviceID, at: fixture.clock.now) }
            #expect(try fixture.store.read { try $0.account(named: "ann") }?.isActive == false)
        }
    }

    // MARK: Aliases and tags

    private func setAlias(_ alias: String, _ account: Account, _ fixture: StoreFixture) throws {
        try fixture.store.write { try $0.setAlias(alias, of: account.device, at: fixture.clock.now) }
    }

    @Test("gives a device another alias, by which it is found then", arguments: StoreUnderTest.allCases)
    func setAlias(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            let app = try fixture.app()
            let ann = try #require(try insert("ann", app, fixture))
            try setAlias("anna", ann, fixture)
            #expect(try fixture.store.read { try $0.account(named: "ann") }?.alias == "anna")
            var targets: [Target] = []
            try fixture.store.write {
                try $0.resolve(Audience(.alias, ["ann", "anna"]), app: app.number, into: &targets)
            }
            #expect(targets.map(\.device) == [ann.device] && targets.map(\.rule) == [1])
            try fixture.store.write { try $0.setAlias("x", of: DeviceNumber(999), at: fixture.clock.now) }
        }
    }

    @Test("keeps what is open for the account itself when its device sets an alias", arguments: StoreUnderTest.allCases)
    func aliasFromAccount(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            var fixture = fixture
            let app = try fixture.app()
            let ann = try #require(try insert("ann", app, fixture))
            let device = try #require(try fixture.store.read { try $0.device(id: ann.deviceID) })
            let message = try fixture.send(app, to: Audience(.alias, ["ann"]))
            try setAlias("anna", ann, fixture)
            #expect(try fixture.pending(device) == [message.id])
        }
    }

    @Test("ends what is open for an earlier alias when its device sets another", arguments: StoreUnderTest.allCases)
    func aliasFromAlias(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            var fixture = fixture
            let app = try fixture.app()
            let ann = try #require(try insert("ann", app, fixture))
            let device = try #require(try fixture.store.read { try $0.device(id: ann.deviceID) })
            try setAlias("desk", ann, fixture)
            let open = try fixture.send(app, to: Audience(.alias, ["desk"]), confirm: true)
            let done = try fixture.send(app, to: Audience(.alias, ["desk"]))
            #expect(
                try fixture.apply(.sent(done.id, ann.device, .xmpp, at: fixture.clock.now)))
            try setAlias("desk", ann, fixture)
            #expect(try fixture.pending(device) == [open.id], "the same alias changes nothing")
            try setAlias("door", ann, fixture)
            #expect(try fixture.pending(device).isEmpty)
            #expect(try fixture.delivery(open, device)?.end == .failed("device.reassigned"))
            #expect(try fixture.delivery(done, device)?.end == nil)
        }
    }

    @Test("ends what is open of a device without an account that sets an alias", arguments: StoreUnderTest.allCases)
    func aliasWithoutAccount(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            var fixture = fixture
            let app = try fixture.app()
            let device = try fixture.device(app, "ann")
            let message = try fixture.send(app, to: Audience(.alias, ["ann"]))
            try fixture.store.write { try $0.setAlias("ben", of: device.number, at: fixture.clock.now) }
            #expect(try fixture.delivery(message, device)?.end == .failed("device.reassigned"))
        }
    }

    @Test("replaces a device's tags, by which it is found then", arguments: StoreUnderTest.allCases)
    func setTags(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            let app = try fixture.app()
            let ann = try #require(try insert("ann", app, fixture))
            for (tags, kept) in [(["b", "a", "b"], ["a", "b"]), (["c"], ["c"]), ([], [])] {
                try fixture.store.write { try $0.setTags(tags, of: ann.device) }
                #expect(try fixture.store.read { try $0.device(id: ann.deviceID) }?.tags == kept)
                var targets: [Target] = []
                try fixture.store.write { try $0.resolve(Audience(.tag, ["c"]), app: app.number, into: &targets) }
                #expect(targets.map(\.device) == (kept == ["c"] ? [ann.device] : []))
            }
            try fixture.store.write { try $0.setTags(["x"], of: DeviceNumber(999)) }
        }
    }

    // MARK: Messages

    @Test("keeps the title of a message, what it opens and whom it is from", arguments: StoreUnderTest.allCases)
    func titleAndURI(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            let app = try fixture.app()
            let ann = try #require(try insert("ann", app, fixture))
            let contents = [
                MessageContent(title: "Bestellung \u{1F4E6}", alert: "x", uri: "https://shop.example.org/42?a=b&c"),
                MessageContent(title: "", alert: "x", uri: "", senderAddress: "bob@example.org/pc"),
                MessageContent(alert: "x"),
            ]
            for (index, content) in contents.enumerated() {
                let message = Message(
                    id: MessageID(Int64(index + 1)), app: app.number, appID: app.id, tenant: "", content: content,
                    needsConfirmation: false, expiresAt: fixture.clock.now.adding(seconds: 60))
                let request = PushRequest(
                    app: app.number, appID: app.id, audience: Audience(.all), content: content, timeToLive: 60)
                try fixture.store.write { (transaction) throws in
                    var targets: [Target] = []
                    try transaction.resolve(request.audience, app: app.number, into: &targets)
                    try transaction.insert(message, request: request, targets: targets[...])
                }
                #expect(try fixture.store.read { try $0.message(message.id) }?.message.content == content)
            }
            let pending = try fixture.store.read {
                try $0.pending(for: ann.device, after: .zero, limit: 10, at: fixture.clock.now)
            }
            #expect(pending.map(\.message.content) == contents)
        }
    }

    @Test(
        "judges an answer that holds nothing but the id as the state machine does", arguments: StoreUnderTest.allCases)
    func acknowledged(_ kind: StoreUnderTest) throws {
        try kind.with { fixture in
            var fixture = fixture
            let app = try fixture.app()
            let device = try fixture.device(app, "ann")
            let message = try fixture.send(app, to: Audience(.all), confirm: true)
            let change = DeliveryChange(message.id, device.number, .acknowledged, at: fixture.clock.now)
            #expect(try fixture.apply(change))
            #expect(try fixture.delivery(message, device)?.state == .received)
            #expect(try fixture.pending(device).isEmpty)
            #expect(try fixture.apply(change))
            #expect(try fixture.delivery(message, device)?.state == .read)
            #expect(try !fixture.apply(change))
        }
    }

    // MARK: Migration

    @Test("opens a database of the first version with all that is in it, and takes accounts then")
    func migration() throws {
        try TemporaryDirectory.with { directory in
            try FirstVersion.make(in: directory)
            for isFirst in [true, false] {
                let store = try SQLiteMessageStore(directory: directory)
                let fixture = StoreFixture(store)
                let app = try #require(try store.read { try $0.apps() }.first)
                let device = try #require(try store.read { try $0.device(id: "0123") })
                let tokens = try store.read { try $0.adminTokens() }
                #expect(tokens.map(\.name) == ["admin", "admin-2"] && tokens.allSatisfy { $0.role == .admin })
                #expect(tokens.map(\.hash.bytes) == [[1], [2]])
                #expect(app.id == "shop" && device.alias == "ann" && device.tags == ["vip"])
                #expect(try fixture.pending(device) == [MessageID(5)])
                let record = try #require(try store.read { try $0.message(MessageID(5)) })
                #expect(record.message.content == MessageContent(alert: "hello", extra: "{}"))
                #expect(record.audience == Audience(.alias, ["ann"]))
                #expect(try store.read { try $0.lastMessage() } == MessageID(5))
                if isFirst {
                    _ = try #require(try insert("bob", app, fixture))
                } else {
                    #expect(try store.read { try $0.account(named: "bob") }?.appID == "shop")
                }
                try store.close()
            }
        }
    }
}
