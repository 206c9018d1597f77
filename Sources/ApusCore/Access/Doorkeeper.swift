/// Lets in who shows the right key or token, and slows those down who guess.
package final class Doorkeeper: Sendable {
    package let tokens: TokenBook
    package let apps: AppRegistry
    private let guesses: GuessLimiter
    private let clock: any Clock

    /// What guesses of tokens, and of keys that name no app, count for.
    private static let (anyToken, anyKey) = ("/token", "/key")

    /// - Parameter guessesPerMinute: wrong keys of one app, or wrong tokens, from one address; 0 for no limit.
    package init(tokens: TokenBook, apps: AppRegistry, guessesPerMinute: Int, clock: any Clock) {
        self.tokens = tokens
        self.apps = apps
        self.clock = clock
        guesses = GuessLimiter(perMinute: guessesPerMinute, scope: .address)
    }

    /// The app of this id, if the key is its own.
    /// - Parameter address: where the request is from; asked for only if somebody guesses.
    package func app(
        _ id: String, key: String, from address: @autoclosure () -> IPAddress?
    ) throws(ApusError) -> App {
        try guesses.check(id, from: address(), now: clock.uptime)
        do throws(ApusError) {
            return try apps.app(id, showing: SecretHash(of: key))
        } catch {
            throw error == .wrongAppKey ? wrong(error, id, address()) : error
        }
    }

    /// The app that the key is of, for callers that name none.
    package func app(withKey key: String, from address: IPAddress?) throws(ApusError) -> App {
        try guesses.check(Self.anyKey, from: address, now: clock.uptime)
        guard let app = apps.app(withKey: key) else { throw wrong(.wrongAppKey, Self.anyKey, address) }
        return app
    }

    /// Who bears the token.
    package func bearer(of token: String, from address: IPAddress?) throws(ApusError) -> Caller {
        try guesses.check(Self.anyToken, from: address, now: clock.uptime)
        guard let token = try tokens.token(token) else { throw wrong(.wrongToken, Self.anyToken, address) }
        return Caller(token, from: address)
    }

    /// Whether what is of this app is there for the caller. Of what is not, nobody is to learn that it is there for others.
    package func admits(_ caller: Caller, to appID: String) -> Bool {
        // Apps may have the same key.
        caller.appID == nil || caller.appID == appID || apps.accepts(caller.proof, ofApp: appID)
    }

    /// Whether the caller would still be let in, which connections that last have to ask again.
    package func stillTrusts(_ caller: Caller) -> Bool {
        switch caller.origin.actor {
        case .token: tokens.holds(caller.proof)
        case .app(let id): apps.accepts(caller.proof, ofApp: id)
        default: false
        }
    }

    /// Counts a wrong guess.
    private func wrong(_ error: ApusError, _ subject: String, _ address: IPAddress?) -> ApusError {
        try? guesses.take(subject, from: address, now: clock.uptime)
        return error
    }
}
