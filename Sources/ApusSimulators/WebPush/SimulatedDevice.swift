import ApusCore
import Crypto

/// The device's side of a subscription: the keys, and the decryption of what comes (RFC 8291).
struct SimulatedDevice: Sendable {
    private static let headerLength = 86
    private static let tagLength = 16

    private let key = P256.KeyAgreement.PrivateKey()
    private let authentication = SymmetricKey(size: .bits128)

    var publicKey: String { Base64URL.encode(key.publicKey.x963Representation) }
    var secret: String { authentication.withUnsafeBytes { Base64URL.encode($0) } }

    /// - Returns: nil if it was not encrypted for this device.
    func decrypt(_ body: [UInt8]) -> String? {
        guard body.count > Self.headerLength + Self.tagLength, body[20] == 65 else { return nil }
        let (salt, senderKey) = (body[..<16], body[21..<Self.headerLength])
        let record = body[Self.headerLength...]
        do {
            let sender = try P256.KeyAgreement.PublicKey(x963Representation: senderKey)
            let info = Array("WebPush: info\0".utf8) + key.publicKey.x963Representation + senderKey
            let secret = try key.sharedSecretFromKeyAgreement(with: sender).hkdfDerivedSymmetricKey(
                using: SHA256.self, salt: authentication.withUnsafeBytes { Array($0) }, sharedInfo: info,
                outputByteCount: 32)
            let contentKey = HKDF<SHA256>.deriveKey(
                inputKeyMaterial: secret, salt: salt, info: Array("Content-Encoding: aes128gcm\0".utf8),
                outputByteCount: 16)
            let nonce = HKDF<SHA256>.deriveKey(
                inputKeyMaterial: secret, salt: salt, info: Array("Content-Encoding: nonce\0".utf8),
                outputByteCount: 12)
            let box = try AES.GCM.SealedBox(
                nonce: nonce.withUnsafeBytes { try AES.GCM.Nonce(data: $0) },
                ciphertext: record.dropLast(Self.tagLength), tag: record.suffix(Self.tagLength))
            let padded = Array(try AES.GCM.open(box, using: contentKey))
            guard let end = padded.lastIndex(where: { $0 != 0 }), padded[end] == 2 else { return nil }
            return String(decoding: padded[..<end], as: UTF8.self)
        } catch {
            return nil
        }
    }
}
