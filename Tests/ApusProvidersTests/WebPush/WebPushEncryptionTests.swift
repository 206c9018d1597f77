import ApusCore
import Crypto
import Testing

@testable import ApusProviders

@Suite("WebPushEncryption")
struct WebPushEncryptionTests {
    let subscription: WebPushSubscription
    let device: P256.KeyAgreement.PrivateKey

    init() throws {
        subscription = try WebPushSubscription(WebPushVector.json())
        device = try WebPushVector.key(WebPushVector.devicePrivate)
    }

    func decrypt(_ body: [UInt8]) throws -> [UInt8] {
        try WebPushEncryption.decrypt(body, key: device, authentication: subscription.authentication)
    }

    @Test("the example of RFC 8291 is encrypted byte for byte")
    func encryptsVector() throws {
        let body = try WebPushEncryption.encrypt(
            Array(WebPushVector.plaintext.utf8), for: subscription,
            key: WebPushVector.key(WebPushVector.senderPrivate), salt: WebPushVector.bytes(WebPushVector.salt))
        #expect(Base64URL.encode(body) == WebPushVector.body)
    }

    @Test("the example of RFC 8291 is decrypted")
    func decryptsVector() throws {
        let plaintext = try decrypt(WebPushVector.bytes(WebPushVector.body))
        #expect(String(decoding: plaintext, as: UTF8.self) == WebPushVector.plaintext)
    }

    @Test("messages of all lengths arrive as they were, and the longest has 4096 bytes", arguments: [0, 1, 100, 3993])
    func roundTrip(_ length: Int) throws {
        // Zeros at the end are not padding.
        let plaintext = (0..<length).map { UInt8(truncatingIfNeeded: length - 1 - $0) }
        let body = try WebPushEncryption.encrypt(plaintext, for: subscription)
        #expect(body.count == length + 103)
        #expect(try decrypt(body) == plaintext)
    }

    @Test("a message that is too long is told by how much")
    func tooLong() {
        let error = #expect(throws: ApusError.self) {
            try WebPushEncryption.encrypt(Array(repeating: 0, count: 4000), for: subscription)
        }
        #expect(error?.code == "webpush_too_large")
        #expect(error?.message.contains("4000 bytes for its device, 7 more than the 3993") == true)
    }

    @Test("key and salt are new for each message")
    func fresh() throws {
        let bodies = try (0..<2).map { _ in try WebPushEncryption.encrypt([1], for: subscription) }
        #expect(bodies[0].prefix(16) != bodies[1].prefix(16))
        #expect(bodies[0][21..<86] != bodies[1][21..<86])
    }

    @Test("a body that was changed, cut or made for another device is refused")
    func refuses() throws {
        let body = try WebPushEncryption.encrypt([1, 2, 3], for: subscription)
        for index in [0, 20, 21, 85, 86, body.count - 1] {
            var changed = body
            changed[index] ^= 1
            #expect(throws: ApusError.self, "byte \(index)") { try decrypt(changed) }
        }
        for length in [0, 1, 20, 86, 102, body.count - 1] {
            #expect(throws: ApusError.self, "\(length) bytes") { try decrypt(Array(body.prefix(length))) }
        }
        #expect(throws: ApusError.self) {
            try WebPushEncryption.decrypt(
                body, key: P256.KeyAgreement.PrivateKey(), authentication: subscription.authentication)
        }
    }
}
