import Crypto

/// Unguessable names in URLs (endpoints, messages): an identifier and a seal that only this server can make. Nothing of
/// them is kept, so that who reads the store cannot post to anybody.
package struct SealedTokens: Sendable {
    /// Bytes of the seal.
    private static let sealLength = 16

    private let key: SymmetricKey
    private let length: Int

    /// - Parameters:
    ///   - purpose: what the identifiers are of; a token of another purpose is none here.
    ///   - length: bytes of an identifier.
    package init(_ box: SecretBox, purpose: String, length: Int) {
        key = SymmetricKey(data: box.derivedKey(for: purpose))
        self.length = length
    }

    package func token(for identifier: [UInt8]) -> String {
        Base64URL.encode(identifier + seal(identifier))
    }

    /// - Returns: nil if the token was not made here.
    package func identifier(in token: some Collection<UInt8>) -> [UInt8]? {
        guard token.count <= 2 * (length + Self.sealLength), let bytes = Base64URL.decode(token),
            bytes.count == length + Self.sealLength
        else { return nil }
        let identifier = Array(bytes.prefix(length))
        return ConstantTime.isEqual(seal(identifier), Array(bytes.dropFirst(length))) ? identifier : nil
    }

    private func seal(_ identifier: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: identifier, using: key).prefix(Self.sealLength))
    }
}
