import ApusCore
import HTTPTypes
import Hummingbird
import NIOCore

/// What apps prove to vendors, under `/v1/credentials`, and a test of it.
struct CredentialRoutes: Sendable {
    let dispatcher: Dispatcher
    let apps: AppRegistry
    let credentials: CredentialBook
    let access: Access

    private static let longestBody = 64 << 10

    func add(to router: Router<APIContext>) {
        router.get("/v1/credentials") { request, context in
            let appID = request.uri.queryParameters["appId"].map(String.init)
            try access.require(.viewer, request, context, of: appID)
            let found = try await credentials.list(appID: appID)
            return Response.json { $0.member("credentials", objects: found) { Self.write($0, &$1) } }
        }
        router.post("/v1/credentials") { request, context in try await put(request, context) }
        router.delete("/v1/credentials") { request, context in
            let query = request.uri.queryParameters
            let caller = try access.require(.admin, request, context, of: query["appId"].map(String.init))
            guard let app = query["appId"], let provider = query["provider"], let name = query["name"] else {
                throw ApusError(
                    .invalid, code: "invalid_request", "appId, provider and name are needed in the query.")
            }
            try await credentials.remove(
                String(name), of: Route(rawValue: String(provider)), appID: String(app),
                noting: caller.act("credential.remove", String(app)) { details in
                    details.member("provider", string: String(provider))
                    details.member("name", string: String(name))
                })
            return Response(status: .noContent)
        }
        router.post("/v1/providers/test") { request, context in try await test(request, context) }
    }

    private func put(_ request: Request, _ context: APIContext) async throws -> Response {
        let caller = try access.caller(request, context)
        let body = try CredentialBody(try await request.body.collect(upTo: Self.longestBody))
        let (appID, provider) = try body.required
        try caller.require(.admin, of: appID)
        guard let app = apps[appID] else { throw ApusError.unknownApp }
        let credential = Credential(
            app: app.number, appID: app.id, route: Route(rawValue: provider), name: "",
            settings: body.settings ?? "{}", secret: Array((body.secret ?? "{}").utf8),
            createdAt: dispatcher.clock.now)
        let stored = try await credentials.put(
            credential, noting: caller.act("credential.put", appID) { $0.member("provider", string: provider) })
        return Response.json { Self.write(stored, &$0) }
    }

    private func test(_ request: Request, _ context: APIContext) async throws -> Response {
        let caller = try access.caller(request, context)
        let body = try CredentialBody(try await request.body.collect(upTo: Self.longestBody))
        let (appID, provider) = try body.required
        try caller.require(.sender, of: appID)
        guard let app = apps[appID] else { throw ApusError.unknownApp }
        guard let token = body.token else {
            throw ApusError(.invalid, code: "invalid_request", "The token of a device is needed.")
        }
        let route = Route(rawValue: provider)
        let platform = try body.platform ?? (route == .apns ? .ios : .android)
        let act = caller.act("provider.test", appID) { $0.member("provider", string: provider) }
        try await dispatcher.update(noting: { _ in act }) { _ in }
        let outcome = try await credentials.test(route, app: app, token: token, platform: platform)
        return Response.json { object in
            object.member("accepted", bool: outcome.result == .accepted || outcome.result == .received)
            object.member("code", string: outcome.code)
            object.member("detail", string: outcome.detail)
        }
    }

    private static func write(_ credential: Credential, _ object: inout JSONObjectWriter) {
        object.member("appId", string: credential.appID)
        object.member("provider", string: credential.route.rawValue)
        object.member("name", string: credential.name)
        object.member("settings", raw: credential.settings)
        object.member("createdAt", time: credential.createdAt)
    }
}

/// The body of a credential, and of a test.
struct CredentialBody {
    private var appID: String?
    private var provider: String?
    private(set) var settings: String?
    private(set) var secret: String?
    private(set) var token: String?
    private var platformName: String?
    private var problems = FieldProblems()

    init(_ body: ByteBuffer) throws(ApusError) {
        try FieldProblems.eachMember(of: body) { (key, scanner) throws(JSONError) in
            switch key {
            case "appId": appID = try scanner.text("appId", &problems)
            case "provider": provider = try scanner.text("provider", &problems)
            case "settings": settings = try scanner.json()
            case "secret": secret = try scanner.json()
            case "platform": platformName = try scanner.text("platform", &problems)
            case "token": token = try scanner.text("token", &problems, longest: 4096)
            default: try scanner.skipValue()
            }
        }
        try problems.check()
    }

    /// The platform of the device that is tried, for vendors that keep platforms apart.
    var platform: Platform? {
        get throws(ApusError) {
            guard let platformName else { return nil }
            guard let platform = Platform(name: platformName.uppercased()) else {
                throw ApusError(
                    .invalid, code: "invalid_request", "platform must be ANDROID, IOS, PC or WEB, not \(platformName).")
            }
            return platform
        }
    }

    var required: (appID: String, provider: String) {
        get throws(ApusError) {
            var problems = problems
            for (field, value) in [("appId", appID), ("provider", provider)] where (value ?? "").isEmpty {
                problems.missing(field)
            }
            try problems.check()
            return (appID ?? "", provider ?? "")
        }
    }
}
