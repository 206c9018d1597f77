import Crypto
import CryptoExtras

/// A mechanism of the SCRAM family (RFC 5802; RFC 7677 for SHA-256), named as on the wire. Without channel binding.
package enum SCRAMMechanism: String, CaseIterable, Sendable {
    case sha256 = "SCRAM-SHA-256"
    case sha1 = "SCRAM-SHA-1"

    /// Fewer iterations than this are not accepted (RFC 7677 §4).
    package static let leastIterations = 4096

    /// Bytes of a hash.
    package var hashLength: Int {
        switch self {
        case .sha1: Insecure.SHA1.byteCount
        case .sha256: SHA256.byteCount
        }
    }

    func hash(_ bytes: [UInt8]) -> [UInt8] {
        switch self {
        case .sha1: Array(Insecure.SHA1.hash(data: bytes))
        case .sha256: Array(SHA256.hash(data: bytes))
        }
    }

    func authenticate(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] {
        let key = SymmetricKey(data: key)
        return switch self {
        case .sha1: Array(HMAC<Insecure.SHA1>.authenticationCode(for: bytes, using: key))
        case .sha256: Array(HMAC<SHA256>.authenticationCode(for: bytes, using: key))
        }
    }

    /// `Hi` of RFC 5802 §2.2, which is PBKDF2 (RFC 8018 §5.2).
    func derive(_ password: [UInt8], salt: [UInt8], iterations: Int) -> [UInt8] {
        let hash: KDF.Insecure.PBKDF2.HashFunction = self == .sha1 ? .insecureSHA1 : .sha256
        let key = try? KDF.Insecure.PBKDF2.deriveKey(
            from: password,
            salt: salt,
            using: hash,
            outputByteCount: hashLength,
            unsafeUncheckedRounds: iterations
        )
        // It fails for want of memory or for less than one iteration, and no caller asks for that.
        guard let key else { preconditionFailure("cannot derive a key in \(iterations) iterations") }
        return key.withUnsafeBytes { Array($0) }
    }

    static func exclusiveOr(_ a: [UInt8], _ b: [UInt8]) -> [UInt8] {
        zip(a, b).map { $0 ^ $1 }
    }
}
