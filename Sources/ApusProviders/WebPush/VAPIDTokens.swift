package import ApusCore
import NIOCore
import Synchronization

/// What an app says of itself to push services (RFC 8292 §2): a token for each of them, signed once and used for 12
/// hours.
package final class VAPIDTokens: Sendable {
    private struct Token {
        let authorization: String
        let renewedAt: Timestamp
    }

    /// Seconds. A token is good for another hour when it is used for the last time; services refuse more than 24 hours.
    private static let reuse: Int64 = 12 * 3600
    private static let validity: Int64 = 13 * 3600

    private let keys: VAPIDKeys
    private let subject: String
    private let clock: any Clock
    private let capacity: Int
    private let tokens = Mutex<[String: Token]>([:])

    /// - Parameters:
    ///   - subject: where the push service finds who is responsible, a `mailto:` or `https:` URI.
    ///   - capacity: how many tokens are kept.
    package init(keys: VAPIDKeys, subject: String, clock: any Clock, capacity: Int = 1024) {
        self.keys = keys
        self.subject = subject
        self.clock = clock
        self.capacity = capacity
    }

    /// The value of `Authorization`.
    /// - Parameter origin: the push service's, the token's audience.
    package func authorization(for origin: String) throws(ApusError) -> String {
        let now = clock.now
        return try tokens.withLock { tokens throws(ApusError) in
            if let token = tokens[origin], now < token.renewedAt { return token.authorization }
            if tokens.count >= capacity { tokens = tokens.filter { now < $0.value.renewedAt } }
            if tokens.count >= capacity { tokens.remove(at: tokens.startIndex) }
            // Without a space, as some services do not expect one.
            let token = Token(
                authorization: "vapid t=\(try signed(for: origin, at: now)),k=\(keys.publicKey)",
                renewedAt: now.adding(seconds: Self.reuse))
            tokens[origin] = token
            return token.authorization
        }
    }

    private func signed(for origin: String, at now: Timestamp) throws(ApusError) -> String {
        var claims = ByteBuffer()
        claims.writeJSONObject { object in
            object.member("aud", string: origin)
            object.member("exp", int: now.milliseconds / 1000 + Self.validity)
            object.member("sub", string: subject)
        }
        return try keys.token(claims: claims.readableBytesView)
    }
}
