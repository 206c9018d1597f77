import ApusCore
import Crypto
import NIOCore

/// Who sends, as its VAPID token says (RFC 8292).
struct WebPushSimulatorSender {
    let key: String

    /// - Throws: `WebPushRefusal`, with 403, if it is not as it must be.
    init(_ authorization: String, origin: String, at now: Timestamp) throws(WebPushRefusal) {
        var parameters: [String: String] = [:]
        let scheme = authorization.prefix { $0 != " " }
        guard scheme.lowercased() == "vapid" else { throw Self.refusal("the scheme is not vapid") }
        for part in authorization.dropFirst(scheme.count).split(separator: ",") {
            let pair = part.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
            if pair.count == 2 { parameters[pair[0].lowercased()] = String(pair[1]) }
        }
        guard let token = parameters["t"], let key = parameters["k"] else { throw Self.refusal("t or k is missing") }
        guard let point = Base64URL.decode(key.utf8),
            let publicKey = try? P256.Signing.PublicKey(x963Representation: point)
        else { throw Self.refusal("k is not a point on the curve") }
        let parts = token.split(separator: ".")
        guard parts.count == 3, let header = Self.object(parts[0]), let claims = Self.object(parts[1]),
            let bytes = Base64URL.decode(parts[2].utf8),
            let signature = try? P256.Signing.ECDSASignature(rawRepresentation: bytes), header["alg"] == "ES256",
            publicKey.isValidSignature(signature, for: Array("\(parts[0]).\(parts[1])".utf8))
        else { throw Self.refusal("the token is not signed with the key, with ES256") }
        guard claims["aud"] == origin else { throw Self.refusal("aud is not \(origin)") }
        guard let expiry = claims["exp"].flatMap({ Int64($0) }),
            (1...86_400).contains(expiry - now.milliseconds / 1000)
        else { throw Self.refusal("exp is not within the next 24 hours") }
        guard let subject = claims["sub"], subject.hasPrefix("mailto:") || subject.hasPrefix("https:") else {
            throw Self.refusal("sub is neither mailto: nor https:")
        }
        self.key = key
    }

    private static func object(_ part: Substring) -> JSONMembers? {
        Base64URL.decode(part.utf8).flatMap { try? JSONMembers(ByteBuffer(bytes: $0)) }
    }

    private static func refusal(_ reason: String) -> WebPushRefusal {
        WebPushRefusal(status: 403, reason: "The VAPID authorization is wrong: \(reason).")
    }
}

/// Why the simulator does not take a message.
struct WebPushRefusal: Error, Equatable {
    let status: Int
    let reason: String
}
