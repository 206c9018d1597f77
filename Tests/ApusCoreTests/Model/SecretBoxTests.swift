import ApusCore
import Testing

@Suite("The secret box")
struct SecretBoxTests {
    private let key = [UInt8](repeating: 7, count: SecretBox.keyLength)

    private func box(_ key: [UInt8]) throws -> SecretBox { try #require(SecretBox(key: key)) }

    @Test("opens what it sealed, whatever its length", arguments: [0, 1, 16, 1000])
    func roundTrip(length: Int) throws {
        let secret = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
        let sealed = try box(key).seal(secret, for: "ann")
        #expect(try box(key).open(sealed, for: "ann") == secret)
        #expect(sealed.count == 12 + length + 16, "a nonce, the secret and a tag (RFC 8439)")
    }

    @Test("seals the same secret differently each time")
    func nonces() throws {
        let box = try box(key)
        #expect(Set((0..<50).map { _ in box.seal([1, 2, 3], for: "ann") }).count == 50)
    }

    @Test("opens nothing for another name, with another key, or that was changed")
    func refusals() throws {
        let box = try box(key)
        let sealed = box.seal(Array("secret".utf8), for: "ann")
        #expect(box.open(sealed, for: "bob") == nil)
        #expect(box.open(sealed, for: "") == nil)
        #expect(try self.box(SecretBox.randomKey()).open(sealed, for: "ann") == nil)
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 1
            #expect(box.open(changed, for: "ann") == nil)
            #expect(box.open(sealed[..<index], for: "ann") == nil)
        }
        #expect(box.open(sealed + [0], for: "ann") == nil)
    }

    @Test("takes a key of 32 bytes only", arguments: [0, 16, 31, 33, 64])
    func keyLength(length: Int) {
        #expect(SecretBox(key: [UInt8](repeating: 1, count: length)) == nil)
        #expect(SecretBox.randomKey().count == 32 && SecretBox.randomKey() != SecretBox.randomKey())
    }

    @Test("derives a key for each purpose, the same each time, and another for each key")
    func derived() throws {
        // HKDF with SHA-256 (RFC 5869), without a salt.
        let known = try box([UInt8](repeating: 0x0B, count: 32))
        #expect(
            known.derivedKey(for: "xmpp decoys").map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
                .joined()
                == "13c7f9d4dc65ad4a3b98324f944f5001d7b2561d58475c3c2677bb905a1c3fd4")
        let box = try box(key)
        #expect(box.derivedKey(for: "a") == box.derivedKey(for: "a"))
        #expect(box.derivedKey(for: "a") != box.derivedKey(for: "b"))
        #expect(box.derivedKey(for: "a") != known.derivedKey(for: "a"))
        #expect(box.derivedKey(for: "a") != key && box.derivedKey(for: "a").count == 32)
    }
}
