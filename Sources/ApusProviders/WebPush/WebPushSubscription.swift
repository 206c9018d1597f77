package import ApusCore
import Crypto
import NIOCore

/// Where a browser or a UnifiedPush app gets its messages, and how they are encrypted for it: what
/// `PushSubscription.toJSON()` gives (W3C Push API §8).
package struct WebPushSubscription: Sendable {
    /// Bytes of the JSON, and of the endpoint in it.
    private static let longest = (text: 2000, endpoint: 1000)

    package let endpoint: WebAddress
    package let expiresAt: Timestamp?
    /// The device's public key, `p256dh`.
    let publicKey: P256.KeyAgreement.PublicKey
    /// The same as the 65 bytes of a point.
    let publicKeyBytes: [UInt8]
    /// The secret that only the device and its senders know, 16 bytes (RFC 8291 §3.2).
    let authentication: [UInt8]

    /// - Parameter allowsPlainHTTP: whether the endpoint may be an `http` URL.
    /// - Throws: `ApusError` that says what is wrong with it.
    package init(_ json: String, allowsPlainHTTP: Bool = false) throws(ApusError) {
        guard json.utf8.count <= Self.longest.text else {
            throw Self.error("it has \(json.utf8.count) bytes, more than \(Self.longest.text)")
        }
        let members = try Members(json)
        guard let endpoint = members.endpoint, endpoint.utf8.count <= Self.longest.endpoint else {
            throw Self.error("endpoint must be a URL of up to \(Self.longest.endpoint) bytes")
        }
        do throws(ApusError) {
            self.endpoint = try WebAddress(endpoint)
        } catch {
            throw Self.error("endpoint: \(error.message)")
        }
        guard self.endpoint.isSecure || allowsPlainHTTP else { throw Self.error("endpoint must be an https URL") }
        guard let key = Self.bytes(members.publicKey), key.count == 65,
            let publicKey = try? P256.KeyAgreement.PublicKey(x963Representation: key)
        else { throw Self.error("keys.p256dh must be a point on the curve P-256: 65 bytes as base 64 for URLs") }
        self.publicKey = publicKey
        publicKeyBytes = key
        guard let authentication = Self.bytes(members.authentication), authentication.count == 16 else {
            throw Self.error("keys.auth must be 16 bytes as base 64 for URLs")
        }
        self.authentication = authentication
        expiresAt = members.expiration.map(Timestamp.init(milliseconds:))
    }

    /// The same as JSON, in one form.
    var text: String {
        var buffer = ByteBuffer()
        buffer.writeJSONObject { object in
            object.member("endpoint", string: endpoint.text)
            object.member("expirationTime", int: expiresAt?.milliseconds)
            object.member("keys") { keys in
                keys.member("p256dh", string: Base64URL.encode(publicKey.x963Representation))
                keys.member("auth", string: Base64URL.encode(authentication))
            }
        }
        return String(buffer: buffer)
    }

    /// Some apps leave the padding in.
    private static func bytes(_ text: String?) -> [UInt8]? {
        guard let text else { return nil }
        return Base64URL.decode(text.utf8.prefix { $0 != UInt8(ascii: "=") })
    }

    fileprivate static func error(_ reason: String) -> ApusError {
        ApusError(
            .invalid, code: "webpush_subscription_invalid",
            "This is not a Web Push subscription as PushSubscription.toJSON() gives it: \(reason).")
    }
}

/// The JSON's members, unchecked.
private struct Members {
    var endpoint: String?
    /// Milliseconds since the epoch.
    var expiration: Int64?
    var publicKey: String?
    var authentication: String?

    init(_ json: String) throws(ApusError) {
        do {
            try JSONScanner.withObject(in: ByteBuffer(string: json)) { scanner in
                while let key = try scanner.nextKey() {
                    switch key {
                    case "endpoint": endpoint = try scanner.string()
                    case "expirationTime": expiration = try Self.time(&scanner)
                    case "keys": try readKeys(&scanner)
                    default: try scanner.skipValue()
                    }
                }
            }
        } catch {
            throw WebPushSubscription.error("\(error)")
        }
    }

    private mutating func readKeys(_ scanner: inout JSONScanner) throws {
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "p256dh": publicKey = try scanner.string()
            case "auth": authentication = try scanner.string()
            default: try scanner.skipValue()
            }
        }
    }

    private static func time(_ scanner: inout JSONScanner) throws -> Int64? {
        guard try scanner.kind() == .number else {
            try scanner.null()
            return nil
        }
        return try scanner.int()
    }
}
