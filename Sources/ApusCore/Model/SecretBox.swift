import Crypto

/// Encrypts what has to be kept and must be readable again (vendor keys, passwords for digests) with the server's key
/// file: ChaCha20-Poly1305 (RFC 8439) with a random nonce for each secret.
package struct SecretBox: Sendable {
    /// Bytes of a key.
    package static let keyLength = 32

    private let key: SymmetricKey

    /// - Returns: nil if the key is not of `keyLength` bytes.
    package init?(key: [UInt8]) {
        guard key.count == Self.keyLength else { return nil }
        self.key = SymmetricKey(data: key)
    }

    package static func randomKey() -> [UInt8] {
        SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
    }

    /// - Parameter name: what the secret belongs to; it cannot be opened under another name.
    package func seal(_ secret: [UInt8], for name: String) -> [UInt8] {
        let box = try? ChaChaPoly.seal(secret, using: key, authenticating: Array(name.utf8))
        // It fails for secrets of more than 256 GB.
        guard let box else { preconditionFailure("cannot encrypt \(secret.count) bytes") }
        return Array(box.combined)
    }

    /// - Returns: nil if it was not sealed with this key for this name.
    package func open(_ sealed: some Collection<UInt8>, for name: String) -> [UInt8]? {
        guard let box = try? ChaChaPoly.SealedBox(combined: Array(sealed)),
            let secret = try? ChaChaPoly.open(box, using: key, authenticating: Array(name.utf8))
        else { return nil }
        return Array(secret)
    }

    /// A key for another purpose, which does not tell this one: HKDF with SHA-256 (RFC 5869).
    package func derivedKey(for purpose: String) -> [UInt8] {
        HKDF<SHA256>.deriveKey(inputKeyMaterial: key, info: Array(purpose.utf8), outputByteCount: Self.keyLength)
            .withUnsafeBytes { Array($0) }
    }
}
