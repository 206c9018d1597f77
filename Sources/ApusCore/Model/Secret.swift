import Crypto

/// SHA-256 of a random secret (an app key, an admin token). Secrets of 128 random bits need no salt and no stretching.
package struct SecretHash: Hashable, Sendable {
    package let bytes: [UInt8]

    package init(of secret: String) {
        bytes = Array(SHA256.hash(data: Array(secret.utf8)))
    }

    /// A hash read back from the store.
    package init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Whether `secret` is the one that was hashed, in time that does not depend on how much of it is right.
    package func matches(_ secret: String) -> Bool { matches(SecretHash(of: secret)) }

    func matches(_ other: SecretHash) -> Bool { ConstantTime.isEqual(bytes, other.bytes) }
}

/// Random identifiers and secrets.
package enum RandomToken {
    private static let digits = Array("0123456789abcdef".utf8)

    /// 128 random bits as 32 lowercase hex digits, from the system's secure generator.
    package static func hex128() -> String {
        var generator = SystemRandomNumberGenerator()
        return String(unsafeUninitializedCapacity: 32) { text in
            for half in 0..<2 {
                var value = generator.next()
                for position in 0..<16 {
                    text[half * 16 + position] = digits[Int(value & 15)]
                    value >>= 4
                }
            }
            return 32
        }
    }
}
