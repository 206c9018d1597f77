package import ApusCore
package import Crypto

/// The encryption of messages from their sender to the device (RFC 8291), in one record of `aes128gcm` (RFC 8188): the
/// push service between them reads nothing.
package enum WebPushEncryption {
    /// Push services take bodies of up to 4096 bytes; the header has 86, the record's end and tag 17 (RFC 8291 §4).
    package static let longestPlaintext = 3993
    static let saltLength = 16
    private static let recordSize: UInt32 = 4096
    private static let keyLength = 65
    private static let headerLength = saltLength + 4 + 1 + keyLength
    private static let tagLength = 16
    /// Ends the last record (RFC 8188 §2).
    private static let lastRecord: UInt8 = 2

    private static let contentKeyInfo = Array("Content-Encoding: aes128gcm\0".utf8)
    private static let nonceInfo = Array("Content-Encoding: nonce\0".utf8)

    /// - Returns: a request's body.
    /// - Throws: `ApusError` if the plaintext is too long.
    package static func encrypt(
        _ plaintext: [UInt8], for subscription: WebPushSubscription
    ) throws(ApusError) -> [UInt8] {
        try encrypt(plaintext, for: subscription, key: freshKey(), salt: randomBytes(saltLength))
    }

    /// A random number below the curve's order, found by trying (FIPS 186-5 §A.2.2); one in 2^32 is too large. The
    /// library's own way also signs and verifies something with each key, which costs as much as all the rest here.
    private static func freshKey() -> P256.KeyAgreement.PrivateKey {
        while true {
            if let key = try? P256.KeyAgreement.PrivateKey(rawRepresentation: randomBytes(32)) { return key }
        }
    }

    /// - Parameter count: a multiple of 8.
    private static func randomBytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        var bytes: [UInt8] = []
        for _ in 0..<count / 8 { withUnsafeBytes(of: generator.next()) { bytes += $0 } }
        return bytes
    }

    /// - Parameters:
    ///   - key: must not be used again.
    ///   - salt: 16 bytes, must not be used again.
    static func encrypt(
        _ plaintext: [UInt8], for subscription: WebPushSubscription, key: P256.KeyAgreement.PrivateKey, salt: [UInt8]
    ) throws(ApusError) -> [UInt8] {
        guard plaintext.count <= longestPlaintext else {
            let excess = plaintext.count - longestPlaintext
            throw ApusError(
                .tooLarge, code: "webpush_too_large",
                "The message has \(plaintext.count) bytes for its device, \(excess) more than the \(longestPlaintext) "
                    + "that Web Push can carry. Shorten its texts or extra.")
        }
        let senderKey = key.publicKey.x963Representation
        var body: [UInt8] = []
        body.reserveCapacity(headerLength + plaintext.count + 1 + tagLength)
        body += salt
        withUnsafeBytes(of: recordSize.bigEndian) { body += $0 }
        body.append(UInt8(keyLength))
        body += senderKey
        do {
            let secret = try key.sharedSecretFromKeyAgreement(with: subscription.publicKey)
            let keys = try RecordKeys(
                secret, authentication: subscription.authentication, receiver: subscription.publicKeyBytes,
                sender: senderKey, salt: salt)
            let sealed = try AES.GCM.seal(plaintext + [lastRecord], using: keys.content, nonce: keys.nonce)
            body += sealed.ciphertext
            body += sealed.tag
        } catch {
            throw ApusError(.internal, code: "webpush_encryption_failed", "The message was not encrypted: \(error).")
        }
        return body
    }

    /// What the device does.
    /// - Parameters:
    ///   - key: the device's.
    ///   - authentication: the subscription's secret, 16 bytes.
    /// - Throws: `ApusError` if the body is not what a sender that knows the subscription made.
    package static func decrypt(
        _ body: [UInt8], key: P256.KeyAgreement.PrivateKey, authentication: [UInt8]
    ) throws(ApusError) -> [UInt8] {
        guard body.count >= headerLength + 1 + tagLength, body[saltLength + 4] == UInt8(keyLength) else {
            throw damaged("it has no header of 86 bytes and a record")
        }
        let size = body[saltLength..<saltLength + 4].reduce(0) { $0 << 8 | Int($1) }
        let record = body[headerLength...]
        guard record.count <= size else { throw damaged("it has more than one record") }
        let salt = Array(body[..<saltLength])
        let senderKey = body[(saltLength + 5)..<headerLength]
        let padded: [UInt8]
        do {
            let sender = try P256.KeyAgreement.PublicKey(x963Representation: senderKey)
            let secret = try key.sharedSecretFromKeyAgreement(with: sender)
            let keys = try RecordKeys(
                secret, authentication: authentication, receiver: key.publicKey.x963Representation,
                sender: senderKey, salt: salt)
            let sealed = try AES.GCM.SealedBox(
                nonce: keys.nonce, ciphertext: record.dropLast(tagLength), tag: record.suffix(tagLength))
            padded = Array(try AES.GCM.open(sealed, using: keys.content))
        } catch {
            throw damaged("the keys do not fit, or it was changed on its way")
        }
        guard let end = padded.lastIndex(where: { $0 != 0 }), padded[end] == lastRecord else {
            throw damaged("its record is not the last")
        }
        return Array(padded[..<end])
    }

    private static func damaged(_ reason: String) -> ApusError {
        ApusError(.invalid, code: "webpush_message_invalid", "The message cannot be decrypted: \(reason).")
    }

    /// What the one record is encrypted with (RFC 8291 §3.4).
    private struct RecordKeys {
        let content: SymmetricKey
        let nonce: AES.GCM.Nonce

        init(
            _ secret: SharedSecret, authentication: [UInt8], receiver: some Sequence<UInt8>,
            sender: some Sequence<UInt8>, salt: [UInt8]
        ) throws {
            let info = Array("WebPush: info\0".utf8) + Array(receiver) + Array(sender)
            let input = secret.hkdfDerivedSymmetricKey(
                using: SHA256.self, salt: authentication, sharedInfo: info, outputByteCount: 32)
            let extracted = HKDF<SHA256>.extract(inputKeyMaterial: input, salt: salt)
            content = HKDF<SHA256>.expand(
                pseudoRandomKey: extracted, info: contentKeyInfo, outputByteCount: 16)
            let nonce = HKDF<SHA256>.expand(pseudoRandomKey: extracted, info: nonceInfo, outputByteCount: 12)
            self.nonce = try nonce.withUnsafeBytes { try AES.GCM.Nonce(data: $0) }
        }
    }
}
