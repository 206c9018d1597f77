import ApusCore
import Crypto

/// An app at Getui, as it is authenticated: signatures, and the tokens that are given for them.
struct GetuiAccess: Sendable {
    /// Milliseconds that a sender's clock may be wrong.
    private static let clockSkew: Int64 = 600_000
    /// How often a token is given a minute.
    private static let rate = 100

    let appID: String
    private let appKey: String
    private let masterSecret: String
    /// Milliseconds.
    private let lifetime: Int64
    private var tokens = BoundedTable<String, Timestamp>(limit: 1000)
    private var window = RequestWindow(limit: rate, seconds: 60)

    /// - Parameter lifetime: seconds that a token is good for.
    init(appID: String, appKey: String, masterSecret: String, lifetime: Int64) {
        self.appID = appID
        self.appKey = appKey
        self.masterSecret = masterSecret
        self.lifetime = lifetime * 1000
    }

    /// - Returns: the SHA-256 of key, time and secret in base 16.
    static func sign(appKey: String, timestamp: String, masterSecret: String) -> String {
        Hex.encode(SHA256.hash(data: Array((appKey + timestamp + masterSecret).utf8)))
    }

    /// - Returns: a new token.
    mutating func authenticate(_ body: JSONValue, at now: Timestamp) throws(VendorAnswer) -> VendorAnswer {
        guard window.take(at: now) else { throw GetuiError.tooManyAuthentications.answer() }
        guard let timestamp = body["timestamp"]?.text, let time = Int64(timestamp),
            Timestamp(milliseconds: time).isWithin(milliseconds: Self.clockSkew, of: now)
        else { throw GetuiError.wrongParameter.answer("timestamp is wrong") }
        let expected = Self.sign(appKey: appKey, timestamp: timestamp, masterSecret: masterSecret)
        guard body["appkey"]?.string == appKey, body["sign"]?.string == expected else {
            throw GetuiError.wrongParameter.answer("sign is wrong")
        }
        let token = RandomToken.hex128()
        let expiry = now.adding(milliseconds: lifetime)
        tokens[token] = expiry
        return GetuiError.success(
            .object([
                .init(name: "expire_time", value: .string("\(expiry.milliseconds)")),
                .init(name: "token", value: .string(token)),
            ]))
    }

    mutating func revoke(_ token: String) {
        if tokens[token] != nil { tokens[token] = Timestamp(milliseconds: 0) }
    }

    func check(_ token: String?, at now: Timestamp) throws(VendorAnswer) {
        guard let expiry = token.flatMap({ tokens[$0] }), now < expiry else { throw GetuiError.tokenInvalid.answer() }
    }
}
