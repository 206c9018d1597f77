import ApusCore
import Crypto
import NIOCore

/// A provider token: a JSON web token signed with ES256 (Apple, "Establishing a token-based connection to APNs").
struct ProviderToken: Sendable {
    let keyID: String
    let teamID: String
    /// Seconds since the epoch.
    let issuedAt: Int64
    /// What is signed: header and claims as they stand in the token.
    private let signed: [UInt8]
    private let signature: P256.Signing.ECDSASignature

    /// Reads a token without verifying it. `iat` may be a number or, as some clients write it, a string of digits.
    init(_ text: Substring) throws(APNsRefusal) {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3,
            let header = Base64URL.decode(parts[0]), let claims = Base64URL.decode(parts[1]),
            let signature = Base64URL.decode(parts[2])
        else { throw .invalidProviderToken }
        do {
            self.signature = try P256.Signing.ECDSASignature(rawRepresentation: signature)
            keyID = try Self.keyID(ByteBuffer(bytes: header))
            (teamID, issuedAt) = try Self.claims(ByteBuffer(bytes: claims))
        } catch {
            throw .invalidProviderToken
        }
        signed = Array(text.utf8.dropLast(parts[2].count + 1))
    }

    func isSigned(with key: P256.Signing.PublicKey) -> Bool {
        key.isValidSignature(signature, for: signed)
    }

    private static func keyID(_ header: ByteBuffer) throws -> String {
        var algorithm: String?
        var keyID: String?
        try JSONScanner.withObject(in: header) { scanner in
            while let key = try scanner.nextKey() {
                switch key {
                case "alg": algorithm = try scanner.string()
                case "kid": keyID = try scanner.string()
                default: try scanner.skipValue()
                }
            }
        }
        guard algorithm == "ES256", let keyID else { throw APNsRefusal.invalidProviderToken }
        return keyID
    }

    private static func claims(_ claims: ByteBuffer) throws -> (teamID: String, issuedAt: Int64) {
        var teamID: String?
        var issuedAt: Int64?
        try JSONScanner.withObject(in: claims) { scanner in
            while let key = try scanner.nextKey() {
                switch key {
                case "iss": teamID = try scanner.string()
                case "iat": issuedAt = try scanner.kind() == .string ? Int64(scanner.string()) : scanner.int()
                default: try scanner.skipValue()
                }
            }
        }
        guard let teamID, let issuedAt else { throw APNsRefusal.invalidProviderToken }
        return (teamID, issuedAt)
    }
}
