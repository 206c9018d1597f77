import ApusCore
import ApusXMPP
import Testing

@testable import ApusDistributor

@Suite("The three dialects of applications")
struct ConnectorDialectTests {
    private static let first = "org.unifiedpush.Distributor1"
    private static let second = "org.unifiedpush.Distributor2"

    private func call(_ interface: String, _ member: String, _ arguments: [DBusValue]) -> DistributorCall? {
        DistributorCall(
            .call(.distributor, path: DistributorObject.path, interface: interface, member, arguments))
    }

    private func registration(_ dialect: ConnectorDialect) throws -> Registration {
        try Registration.example(token: "tok", dialect: dialect)
    }

    // MARK: Calls

    @Test("each registers in its own way")
    func register() {
        #expect(
            call(Self.first, "Register", [.string("org.example.App"), .string("tok")])
                == .register(RegistrationRequest(service: "org.example.App", token: "tok", dialect: .draft)))
        #expect(
            call(Self.first, "Register", [.string("org.example.App"), .string("tok"), .string("News")])
                == .register(
                    RegistrationRequest(
                        service: "org.example.App", token: "tok", description: "News", dialect: .first)))
        let key = "B" + String(repeating: "A", count: 86)
        let members: [String: DBusValue] = [
            "service": .string("org.example.App"), "token": .string("tok"), "vapid": .string(key),
            "new": .boolean(true),
        ]
        #expect(
            call(Self.second, "Register", [.dictionary(members)])
                == .register(
                    RegistrationRequest(
                        service: "org.example.App", token: "tok", vapidKey: key, dialect: .second)))
    }

    @Test("each unregisters in its own way")
    func unregister() {
        #expect(call(Self.first, "Unregister", [.string("tok")]) == .unregister(token: "tok", .first))
        #expect(
            call(Self.second, "Unregister", [.dictionary(["token": .string("tok")])])
                == .unregister(token: "tok", .second))
    }

    @Test("a call with other types, or of another object, is none")
    func otherCalls() {
        #expect(call(Self.first, "Register", [.string("a.b")]) == nil)
        #expect(call(Self.first, "Register", [.dictionary([:])]) == nil)
        #expect(call(Self.second, "Register", [.string("a.b"), .string("tok")]) == nil)
        #expect(
            DistributorCall(
                .call(.distributor, path: "/elsewhere", interface: Self.first, "Unregister", [.string("t")])) == nil)
    }

    @Test("what is not within the limits does not count")
    func limits() {
        let request = RegistrationRequest(
            service: "org.freedesktop.DBus", token: String(repeating: "t", count: 101),
            description: String(repeating: "d", count: 101), vapidKey: "B" + String(repeating: "+", count: 86),
            dialect: .second)
        #expect(request.service == nil)
        #expect(request.token == nil)
        #expect(request.description.isEmpty)
        #expect(request.vapidKey == nil)
        #expect(RegistrationRequest(service: "a.b", token: "", dialect: .first).token == nil)
    }

    // MARK: Answers

    @Test("a registration that succeeded")
    func success() {
        let result = RegistrationResult.succeeded(endpoint: "https://up/1")
        #expect(result.values(for: .draft) == [.string("NEW_ENDPOINT"), .string("https://up/1")])
        #expect(result.values(for: .first) == [.string("REGISTRATION_SUCCEEDED"), .string("")])
        #expect(result.values(for: .second) == [.dictionary(["success": .string("REGISTRATION_SUCCEEDED")])])
    }

    @Test("a registration that failed")
    func failure() {
        let broken = RegistrationResult.failed(RegistrationFailure(reason: .network, text: "no answer"))
        #expect(broken.values(for: .draft) == [.string("REGISTRATION_FAILED"), .string("no answer")])
        #expect(broken.values(for: .first) == [.string("REGISTRATION_FAILED"), .string("NETWORK")])
        #expect(
            broken.values(for: .second)
                == [.dictionary(["success": .string("REGISTRATION_FAILED"), "reason": .string("NETWORK")])])
        let refused = RegistrationResult.failed(RegistrationFailure(reason: .unauthorized, text: "not you"))
        #expect(refused.values(for: .draft) == [.string("REGISTRATION_REFUSED"), .string("not you")])
        #expect(refused.values(for: .first) == [.string("REGISTRATION_FAILED"), .string("ACTION_REQUIRED")])
        #expect(
            refused.values(for: .second)
                == [.dictionary(["success": .string("REGISTRATION_FAILED"), "reason": .string("UNAUTHORIZED")])])
    }

    // MARK: Calls of connectors

    @Test("a message is text, bytes or a dictionary; only the second version is waited for")
    func message() throws {
        let push = StoredPush(id: 7, payload: [0xFF, 0, 0x41])
        let draft = ConnectorCall.message(push, for: try registration(.draft))
        #expect(draft.arguments == [.string("tok"), .string("\u{FFFD}A"), .string("7")])
        #expect(draft.interface == "org.unifiedpush.Connector1" && !draft.expectsReply)
        let first = ConnectorCall.message(push, for: try registration(.first))
        #expect(first.arguments == [.string("tok"), .bytes([0xFF, 0, 0x41]), .string("7")])
        #expect(first.signature == "says" && !first.expectsReply && first.mayActivate)
        let second = ConnectorCall.message(push, for: try registration(.second))
        #expect(
            second.arguments
                == [.dictionary(["token": .string("tok"), "message": .bytes([0xFF, 0, 0x41]), "id": .string("7")])])
        #expect(second.interface == "org.unifiedpush.Connector2" && second.expectsReply && second.mayActivate)
        #expect(second.destination == "org.example.App" && second.path == "/org/unifiedpush/Connector")
    }

    @Test("the first version gets an empty token when it has unregistered itself")
    func unregistered() throws {
        func arguments(_ dialect: ConnectorDialect, confirms: Bool) throws -> [DBusValue] {
            ConnectorCall.unregistered(try registration(dialect), confirms: confirms).arguments
        }
        #expect(try arguments(.first, confirms: true) == [.string("")])
        #expect(try arguments(.first, confirms: false) == [.string("tok")])
        #expect(try arguments(.draft, confirms: true) == [.string("tok")])
        #expect(try arguments(.second, confirms: true) == [.dictionary(["token": .string("tok")])])
    }

    @Test("an endpoint")
    func newEndpoint() throws {
        #expect(
            ConnectorCall.newEndpoint("https://up/1", for: try registration(.first)).arguments
                == [.string("tok"), .string("https://up/1")])
        #expect(
            ConnectorCall.newEndpoint("https://up/1", for: try registration(.second)).arguments
                == [.dictionary(["token": .string("tok"), "endpoint": .string("https://up/1")])])
    }
}
