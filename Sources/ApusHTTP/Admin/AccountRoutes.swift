import ApusCore
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// Accounts that devices log in with (XMPP), under `/v1/accounts`.
struct AccountRoutes: Sendable {
    let dispatcher: Dispatcher
    let apps: AppRegistry
    let accounts: any AccountBook
    let access: Access

    private static let longestBody = 4096

    func add(to router: Router<APIContext>) {
        router.get("/v1/accounts") { request, context in try await list(request, context) }
        router.post("/v1/accounts") { request, context in try await create(request, context) }
        router.post("/v1/accounts/:name/password") { request, context in
            try await setPassword(request, context)
        }
        router.delete("/v1/accounts/:name") { request, context in
            let caller = try access.require(.admin, request, context)
            let name = try Self.name(context)
            try await accounts.remove(name, noting: caller.act("account.remove", name))
            return Response(status: .noContent)
        }
    }

    /// Names may have characters that paths cannot.
    private static func name(_ context: APIContext) throws -> String {
        let name = try context.parameters.require("name")
        guard let decoded = name.removingPercentEncoding else {
            throw ApusError(.invalid, code: "invalid_request", "The name in the path is not percent-encoded UTF-8.")
        }
        return decoded
    }

    private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let query = request.uri.queryParameters
        let (appID, after) = (query["appId"].map(String.init), query["after"].map(String.init))
        try access.require(.viewer, request, context, of: appID)
        let limit = try Page.limit(request)
        let found = try await dispatcher.query { try $0.accounts(appID: appID, after: after, limit: limit) }
        return Response.json { object in
            object.member("accounts", objects: found) { write($0, &$1) }
            object.member("next", string: found.count == limit ? found.last?.name : nil)
        }
    }

    private func create(_ request: Request, _ context: APIContext) async throws -> Response {
        let caller = try access.caller(request, context)
        let body = try AccountBody(try await request.body.collect(upTo: Self.longestBody))
        let (name, appID) = try body.requiredNameAndApp
        try caller.require(.admin, of: appID)
        guard let app = apps[appID] else { throw ApusError.unknownApp }
        let made = body.password == nil ? RandomToken.hex128() : nil
        let account = try await accounts.add(
            name, password: body.password ?? made ?? "", to: app, keepsPassword: body.keepsPassword,
            noting: caller.act("account.create", name) { $0.member("appId", string: appID) })
        return Response.json { write(account, password: made, &$0) }
    }

    private func setPassword(_ request: Request, _ context: APIContext) async throws -> Response {
        let caller = try access.require(.admin, request, context)
        let name = try Self.name(context)
        let body = try AccountBody(try await request.body.collect(upTo: Self.longestBody))
        let made = body.password == nil ? RandomToken.hex128() : nil
        try await accounts.setPassword(
            body.password ?? made ?? "", of: name, keepsPassword: body.keepsPassword,
            noting: caller.act("account.set_password", name))
        return Response.json { object in
            object.member("name", string: name)
            object.member("password", string: made)
        }
    }

    /// - Parameter password: one that was made for the account, at the only time that it is told.
    private func write(_ account: Account, password: String? = nil, _ object: inout JSONObjectWriter) {
        object.member("name", string: account.name)
        object.member("password", string: password)
        object.member("appId", string: account.appID)
        object.member("deviceId", string: account.deviceID)
        object.member("alias", string: account.alias)
        object.member("connected", bool: dispatcher.directory[account.device] != nil)
        object.member("createdAt", time: account.createdAt)
    }
}

/// The body of `POST /v1/accounts` and of a new password.
struct AccountBody {
    private var name: String?
    private var appID: String?
    private(set) var password: String?
    /// Whether digests can be made of the password; nil for the server's default.
    private(set) var keepsPassword: Bool?
    private var problems = FieldProblems()

    init(_ body: ByteBuffer) throws(ApusError) {
        guard body.readableBytes > 0 else { return }
        try FieldProblems.eachMember(of: body) { (key, scanner) throws(JSONError) in
            switch key {
            case "name": name = try scanner.text("name", &problems)
            case "appId": appID = try scanner.text("appId", &problems)
            case "password": password = try scanner.text("password", &problems)
            case "keepPassword": keepsPassword = try scanner.flag("keepPassword", &problems)
            default: try scanner.skipValue()
            }
        }
        try problems.check()
    }

    var requiredNameAndApp: (name: String, appID: String) {
        get throws(ApusError) {
            var problems = problems
            for (field, value) in [("name", name), ("appId", appID)] where (value ?? "").isEmpty {
                problems.missing(field)
            }
            try problems.check()
            return (name ?? "", appID ?? "")
        }
    }
}
