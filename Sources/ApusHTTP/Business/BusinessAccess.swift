import ApusCore
import HTTPTypes
import Hummingbird

/// Who makes a call of seed 004: an app by its key, or a user by the access token of an authentication.
struct BusinessAccess: Sendable {
    enum Caller: Sendable {
        case app(App)
        case user(String, App)

        var app: App {
            switch self {
            case .app(let app), .user(_, let app): app
            }
        }

        /// The user that calls; nil for an app.
        var userNumber: String? {
            if case .user(let number, _) = self { number } else { nil }
        }

        func origin(from address: IPAddress?) -> Origin {
            switch self {
            case .app(let app): Origin(.app(app.id), from: address)
            case .user(let number, _): Origin(.user(number), from: address)
            }
        }

        /// - Throws: if the caller is another user.
        func mayActFor(_ number: String) throws(ApusError) {
            guard let own = userNumber, own != number else { return }
            throw ApusError(
                .forbidden, code: "another_user", "The access token is user \(own)'s and does not speak for \(number).")
        }
    }

    let dispatcher: Dispatcher
    let apps: AppRegistry
    let doorkeeper: Doorkeeper
    let settings: BusinessSettings

    func caller(_ request: Request, _ context: APIContext, _ fields: BusinessFields) async throws -> Caller {
        if let app = try keyHolder(request, context, fields) { return .app(app) }
        guard let token = fields["access_token"] ?? request.headers[.authorization].flatMap(Self.bearer) else {
            throw ApusError(
                .unauthenticated, code: "key_required",
                "Send the app's key as the header X-App-Key or the parameter app_key, or the access_token of a user.")
        }
        let (hash, now) = (SecretHash(of: token), dispatcher.clock.now)
        let bearer = try await dispatcher.query { try $0.bearer(of: hash, at: now) }
        guard let bearer, let app = apps[bearer.app] else {
            throw ApusError(
                .unauthenticated, code: "wrong_access_token",
                "The access token is not valid, or not any more. Authenticate again.")
        }
        return .user(bearer.userNumber, app)
    }

    /// The app whose key the request has; nil if it has none.
    func keyHolder(_ request: Request, _ context: APIContext, _ fields: BusinessFields) throws(ApusError) -> App? {
        guard let key = request.headers[.appKey] ?? fields["app_key"] else { return nil }
        return try doorkeeper.app(withKey: key, from: context.client)
    }

    /// The app that is configured.
    func configuredApp() throws(ApusError) -> App {
        guard let app = apps[settings.appID] else {
            throw ApusError(
                .unavailable(retryAfter: 60), code: "no_business_app",
                "There is no app \(settings.appID). Make it with `apus app create NAME --id \(settings.appID)`, "
                    + "or name another by business.app.")
        }
        return app
    }

    private static func bearer(_ header: String) -> String? {
        header.lowercased().hasPrefix("bearer ") ? String(header.dropFirst(7)).trimmed : nil
    }
}

extension ApusError {
    static func unknownUser(_ number: String) -> ApusError {
        ApusError(.notFound, code: "unknown_user", "There is no user with the number \(number).")
    }
}
