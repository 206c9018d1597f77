import ApusCore
import HTTPTypes
import Hummingbird

/// Who may do what on the router's paths.
struct Access: Sendable {
    let doorkeeper: Doorkeeper
    /// Whether anyone may create apps.
    let isDemo: Bool

    /// The bearer of a token, who may do what its role says.
    /// - Throws: unless the request bears a token that is valid.
    func caller(_ request: Request, _ context: APIContext) throws(ApusError) -> Caller {
        guard let secret = bearer(request) else {
            throw ApusError(
                .unauthenticated, code: "token_required",
                "This needs a token: send it as Authorization: Bearer <token>.")
        }
        return try doorkeeper.bearer(of: secret, from: context.client)
    }

    /// - Parameter app: the app that it is about, if it is about one.
    /// - Throws: unless the request bears a token of this role, or of one that may do more.
    @discardableResult
    func require(
        _ role: Role, _ request: Request, _ context: APIContext, of app: String? = nil
    ) throws(ApusError) -> Caller {
        let caller = try caller(request, context)
        try caller.require(role, of: app)
        return caller
    }

    /// - Throws: unless the request bears such a token, or the app's key.
    @discardableResult
    func require(
        _ role: Role, _ request: Request, _ context: APIContext, orKeyOf appID: String
    ) throws(ApusError) -> Caller {
        guard bearer(request) == nil, let key = request.headers[.appKey] else {
            return try require(role, request, context, of: appID)
        }
        return Caller(try doorkeeper.app(appID, key: key, from: context.client), key, from: context.client)
    }

    /// For what is of an app that is still to be found. `Doorkeeper.admits` says then whether it is there for the caller.
    /// - Throws: unless the request bears a token of this role, or the key of some app.
    func requireSomeone(_ role: Role, _ request: Request, _ context: APIContext) throws(ApusError) -> Caller {
        guard bearer(request) == nil else { return try requireBearer(role, request, context) }
        guard let key = request.headers[.appKey] else {
            throw ApusError(
                .unauthenticated, code: "token_required",
                "This needs a token or the app's key: send it as Authorization: Bearer <token> or as X-App-Key: <key>.")
        }
        return Caller(try doorkeeper.app(withKey: key, from: context.client), key, from: context.client)
    }

    /// The same for what no app's key is enough for.
    func requireBearer(_ role: Role, _ request: Request, _ context: APIContext) throws(ApusError) -> Caller {
        let caller = try caller(request, context)
        try caller.require(role, of: caller.appID)
        return caller
    }

    private func bearer(_ request: Request) -> String? {
        guard let header = request.headers[.authorization] else { return nil }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return parts[1].trimmingCharacters(in: " ")
    }
}

extension HTTPField.Name {
    static let appKey = HTTPField.Name("X-App-Key")!
}

extension Substring {
    fileprivate func trimmingCharacters(in character: Character) -> String {
        var text = self
        while text.first == character { text.removeFirst() }
        while text.last == character { text.removeLast() }
        return String(text)
    }
}
