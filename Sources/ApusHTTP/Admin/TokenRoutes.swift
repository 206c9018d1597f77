import ApusCore
import HTTPTypes
import Hummingbird
import NIOCore

/// The tokens of those who work with the server, under `/v1/tokens`.
struct TokenRoutes: Sendable {
    let dispatcher: Dispatcher
    let apps: AppRegistry
    let tokens: TokenBook
    let access: Access

    private static let longestBody = 4096

    func add(to router: Router<APIContext>) {
        router.get("/v1/tokens") { request, context in
            try access.require(.admin, request, context)
            let now = dispatcher.clock.now
            return Response.json { $0.member("tokens", objects: tokens.list()) { Self.write($0, at: now, &$1) } }
        }
        router.post("/v1/tokens") { request, context in try await create(request, context) }
        router.delete("/v1/tokens/:name") { request, context in
            let caller = try access.require(.admin, request, context)
            let name = try context.parameters.require("name")
            try await tokens.revoke(name, noting: caller.act("token.revoke", name))
            return Response(status: .noContent)
        }
    }

    private func create(_ request: Request, _ context: APIContext) async throws -> Response {
        let caller = try access.require(.admin, request, context)
        let body = try TokenBody(try await request.body.collect(upTo: Self.longestBody))
        let (name, role) = try body.required
        if let appID = body.appID, apps[appID] == nil { throw ApusError.unknownApp }
        let made = try await tokens.create(
            named: name, role: role, appID: body.appID, lifetimeSeconds: body.lifetimeSeconds,
            noting: caller.act("token.create", name) { details in
                details.member("role", string: role.rawValue)
                details.member("appId", string: body.appID)
                details.member("expiresIn", int: body.lifetimeSeconds)
            })
        let now = dispatcher.clock.now
        return Response.json(status: .created) { Self.write(made.token, secret: made.secret, at: now, &$0) }
    }

    /// - Parameter secret: the token itself, at the only time that it is known.
    private static func write(
        _ token: AdminToken, secret: String? = nil, at now: Timestamp, _ object: inout JSONObjectWriter
    ) {
        object.member("name", string: token.name)
        object.member("token", string: secret)
        object.member("role", string: token.role.rawValue)
        object.member("appId", string: token.appID)
        object.member("createdAt", time: token.createdAt)
        object.member("expiresAt", time: token.expiresAt)
        object.member("expired", bool: token.isExpired(at: now))
        object.member("lastUsedAt", time: token.usedAt)
    }
}

/// The body of `POST /v1/tokens`.
struct TokenBody {
    private var name: String?
    private var role: String?
    private(set) var appID: String?
    private(set) var lifetimeSeconds: Int64?
    private var problems = FieldProblems()

    init(_ body: ByteBuffer) throws(ApusError) {
        try FieldProblems.eachMember(of: body) { (key, scanner) throws(JSONError) in
            switch key {
            case "name": name = try scanner.text("name", &problems, longest: 64)
            case "role": role = try scanner.text("role", &problems)
            case "appId": appID = try scanner.text("appId", &problems)
            case "expiresIn": lifetimeSeconds = try scanner.integer("expiresIn", &problems)
            default: try scanner.skipValue()
            }
        }
    }

    /// - Throws: an error that names all that is wrong.
    var required: (name: String, role: Role) {
        get throws(ApusError) {
            var problems = problems
            let known = Role(rawValue: role ?? "")
            if (name ?? "").isEmpty {
                problems.missing("name")
            } else if let name, !name.utf8.allSatisfy(Self.isAllowed) {
                problems.wrongValue("name", "must be letters, digits, dots, hyphens and underscores")
            }
            if role == nil {
                problems.missing("role")
            } else if known == nil {
                let roles = Role.allCases.map(\.rawValue).joined(separator: ", ")
                problems.wrongValue("role", "must be one of \(roles)")
            }
            if let lifetimeSeconds, !(1...TokenBook.longestSeconds).contains(lifetimeSeconds) {
                problems.wrongValue("expiresIn", "must be 1 to \(TokenBook.longestSeconds) seconds")
            }
            try problems.check()
            return (name ?? "", known ?? .viewer)
        }
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
