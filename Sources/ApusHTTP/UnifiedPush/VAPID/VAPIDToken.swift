import ApusCore
import Crypto
import NIOCore

/// A sender's JSON web token (RFC 8292 §2), taken apart.
struct VAPIDToken {
    /// More than one only in tokens of libraries that always write a list (RFC 7519 §4.1.3).
    let audiences: [String]
    /// Seconds since the epoch.
    let expiresAt: Int64
    /// What is signed: header and claims as they stand in the token.
    private let signed: [UInt8]
    private let signature: P256.Signing.ECDSASignature

    /// - Throws: `VAPIDError` if it cannot be read, or is not for ES256.
    init(_ text: String) throws(VAPIDError) {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Base64URL.decode(parts[0]), let claims = Base64URL.decode(parts[1]),
            let signature = Base64URL.decode(parts[2])
        else { throw .malformed("t is not a JSON web token") }
        guard try Self.algorithm(ByteBuffer(bytes: header)) == "ES256" else { throw .wrongAlgorithm }
        guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature) else {
            throw .malformed("the signature must be 64 bytes, r and s")
        }
        self.signature = signature
        (audiences, expiresAt) = try Self.claims(ByteBuffer(bytes: claims))
        signed = Array(text.utf8.dropLast(parts[2].count + 1))
    }

    func isSigned(with key: P256.Signing.PublicKey) -> Bool {
        key.isValidSignature(signature, for: signed)
    }

    private static func algorithm(_ header: ByteBuffer) throws(VAPIDError) -> String? {
        do {
            return try JSONScanner.withObject(in: header) { scanner in
                var algorithm: String?
                while let key = try scanner.nextKey() {
                    switch key {
                    case "alg": algorithm = try scanner.string()
                    default: try scanner.skipValue()
                    }
                }
                return algorithm
            }
        } catch {
            throw .malformed("the token's header: \(error)")
        }
    }

    private static func claims(_ claims: ByteBuffer) throws(VAPIDError) -> (audiences: [String], expiresAt: Int64) {
        var audiences: [String] = []
        var expiresAt: Int64?
        do {
            try JSONScanner.withObject(in: claims) { scanner in
                while let key = try scanner.nextKey() {
                    switch key {
                    case "aud" where try scanner.kind() == .array:
                        try scanner.beginArray()
                        while try scanner.nextElement() { audiences.append(try scanner.string()) }
                    case "aud": audiences.append(try scanner.string())
                    case "exp":
                        // It may have a fraction (RFC 7519 §2).
                        expiresAt = Double(try scanner.rawValue()).map { Int64(max(-1e15, min($0, 1e15))) }
                    default: try scanner.skipValue()
                    }
                }
            }
        } catch {
            throw .malformed("the token's claims: \(error)")
        }
        guard !audiences.isEmpty else { throw .malformed("the token has no aud") }
        guard let expiresAt else { throw .malformed("the token has no exp") }
        return (audiences, expiresAt)
    }
}
