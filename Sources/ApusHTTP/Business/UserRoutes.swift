import ApusCore
import HTTPTypes
import Hummingbird
import NIOCore

/// `user/authentication`, `app/device` and `user/logout` of seed 004.
struct UserRoutes: Sendable {
    let dispatcher: Dispatcher
    let access: BusinessAccess
    let guesses: GuessLimiter
    let passwords: PasswordDesk
    let limits: Reloadable<HTTPServerContext.Limits>

    func add(to router: Router<APIContext>) {
        router.post("/api/v1.1/user/authentication") { request, context in try await authenticate(request, context) }
        router.post("/api/v1.1/app/device") { request, context in try await register(request, context) }
        router.post("/api/v1.1/user/logout") { request, context in try await logOut(request, context) }
    }

    private func authenticate(_ request: Request, _ context: APIContext) async throws -> Response {
        let fields = try await BusinessFields(request, limit: limits.body)
        let number = try fields.require("user_num")[0]
        guard let password = fields.exact("password"), !password.isEmpty else {
            _ = try fields.require("password")
            throw Self.refused
        }
        guard password.utf8.count <= 1024 else { throw Self.refused }
        try guesses.take(number, from: context.client, now: dispatcher.clock.uptime)
        let app = try access.keyHolder(request, context, fields) ?? access.configuredApp()
        let user = try await dispatcher.query { try $0.user(number) }
        let (matches, newHash) = try await passwords.check(password, user?.password)
        guard let user, matches, user.isActive else { throw Self.refused }
        guesses.forgive(number, from: context.client)
        let now = dispatcher.clock.now
        let token = RandomToken.hex128()
        let signIn = SignIn(
            userNumber: number, app: app.number, token: SecretHash(of: token),
            expiresAt: now.adding(seconds: access.settings.tokenSeconds),
            address: context.client?.description ?? "unknown",
            browser: String((request.headers[.userAgent] ?? "").prefix(255)),
            version: String((fields["app_version"] ?? "").prefix(255)))
        try await dispatcher.update { transaction in
            if let newHash { try transaction.setPassword(newHash, ofUser: number, at: now) }
            try transaction.record(signIn, at: now)
        }
        return Response.json { object in
            object.member("id", int: user.id)
            object.member("user_num", string: user.number)
            object.member("user_name", string: user.name)
            object.member("email", string: user.email)
            object.member("mobile", string: user.mobile)
            object.member("access_token", string: token)
            object.member("expires_at", time: signIn.expiresAt)
        }
    }

    /// The same whether the user, the password or both are wrong.
    private static let refused = ApusError(
        .unauthenticated, code: "wrong_password", "The user number or the password is wrong.")

    private func register(_ request: Request, _ context: APIContext) async throws -> Response {
        let fields = try await BusinessFields(request, limit: limits.body)
        let caller = try await access.caller(request, context, fields)
        let values = try fields.require("user_num", "uuid", "platform")
        let (number, uuid) = (values[0], values[1])
        try caller.mayActFor(number)
        guard let platform = Platform(name: values[2].uppercased()), [.ios, .android].contains(platform) else {
            var problems = FieldProblems()
            problems.wrongValue("platform", "must be android or ios")
            try problems.check()
            throw ApusError.unknownDevice
        }
        let pushToken = fields["push_token"] ?? fields["push_device_token"] ?? ""
        guard pushToken.utf8.count <= 4096 else {
            throw ApusError(.invalid, code: "invalid_request", "push_token must not be longer than 4096 bytes;")
        }
        let login = DeviceLogin(
            userNumber: number, uuid: uuid, name: fields.short("name"), platform: platform, os: fields.short("os"),
            osVersion: fields.short("os_version"), pushToken: pushToken,
            // The seed's default.
            pushPlatform: fields.short("push_platform", "umeng").lowercased(), app: caller.app.number)
        let (checked, problem) = dispatcher.checked(login)
        let now = dispatcher.clock.now
        let loggedIn = try await dispatcher.update { transaction in
            guard let user = try transaction.user(number), user.isActive else { throw ApusError.unknownUser(number) }
            return try transaction.logIn(checked, newID: RandomToken.hex128(), at: now)
        }
        if let former = loggedIn.former { dispatcher.disconnect(former, .unregistered) }
        return Response.json { object in
            object.member("device_uuid", string: uuid)
            object.member("user_device_id", int: loggedIn.userDevice)
            object.member("device_id", string: loggedIn.device.id)
            guard let problem else { return }
            object.member("warning") { warning in
                warning.member("code", string: problem.code)
                warning.member(
                    "message",
                    string: "The device is registered and reached while it is connected, but by no vendor. "
                        + problem.message)
            }
        }
    }

    private func logOut(_ request: Request, _ context: APIContext) async throws -> Response {
        let fields = try await BusinessFields(request, limit: limits.body)
        let caller = try await access.caller(request, context, fields)
        let values = try fields.require("user_num", "user_device_id")
        try caller.mayActFor(values[0])
        let now = dispatcher.clock.now
        guard let id = Int64(values[1]),
            let ended = try await dispatcher.update({
                try $0.logOut(id, of: values[0], for: caller.app.number, at: now)
            })
        else {
            throw ApusError(
                .notFound, code: "unknown_user_device", "User \(values[0]) has no user_device_id \(values[1]).")
        }
        for device in ended { dispatcher.disconnect(device, .unregistered) }
        return Response.json { $0.member("data", string: "successfully") }
    }
}

extension BusinessFields {
    /// A text for people, cut to what its column takes.
    fileprivate func short(_ name: String, _ usual: String = "") -> String {
        String((self[name] ?? usual).prefix(255))
    }
}
