import ApusCore
import HTTPTypes
import Hummingbird

/// Who may do what on the router's paths.
struct Access: Sendable {
    let tokens: AdminTokens
    let apps: AppRegistry
    /// Whether anyone may create apps.
    let isDemo: Bool

    /// - Throws: unless the request bears an admin token.
    func requireAdmin(_ request: Request) throws(ApusError) {
        guard let token = bearer(request) else {
            throw ApusError(
                .unauthenticated, code: "token_required",
                "This needs an admin token: send it as Authorization: Bearer <token>.")
        }
        guard tokens.contains(token) else {
            throw ApusError(.unauthenticated, code: "wrong_token", "The admin token is not one of this server's.")
        }
    }

    /// - Throws: unless the request bears an admin token or the app's key.
    func requireAdmin(_ request: Request, orKeyOf appID: String) throws(ApusError) {
        guard bearer(request) == nil, let key = request.headers[.appKey] else { return try requireAdmin(request) }
        guard let app = apps[appID], app.keyHash.matches(key) else { throw .wrongAppKey }
    }

    /// - Throws: unless the request bears an admin token or the key of any app.
    func requireSomeone(_ request: Request) throws(ApusError) {
        if bearer(request) == nil, request.headers[.appKey] != nil { return }
        try requireAdmin(request)
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
