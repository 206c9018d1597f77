import ApusCore
import Crypto
import Foundation
import Testing

@testable import ApusAPNs

@Suite("A team's signing key")
struct SigningKeyTests {
    private static let pem = P256.Signing.PrivateKey().pemRepresentation

    private func message(_ p8: String = pem, keyID: String = "ABCDE12345", teamID: String = "TEAM123456") -> String? {
        do {
            _ = try SigningKey(p8: p8, keyID: keyID, teamID: teamID)
            return nil
        } catch {
            #expect(error.code == "apns_key_invalid")
            return error.message
        }
    }

    @Test("signs tokens that its public key verifies, with r and s one behind the other")
    func token() throws {
        let key = P256.Signing.PrivateKey()
        let signing = try SigningKey(p8: key.pemRepresentation, keyID: "ABCDE12345", teamID: "TEAM123456")
        let token = try signing.token(issuedAt: 1_700_000_000)
        let parts = token.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        #expect(parts.count == 3)
        #expect(token.utf8.allSatisfy { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "/") })
        let decoded = parts.compactMap { Data(base64URL: $0) }
        #expect(decoded.count == 3)
        #expect(String(decoding: decoded[0], as: UTF8.self) == #"{"alg":"ES256","kid":"ABCDE12345"}"#)
        #expect(String(decoding: decoded[1], as: UTF8.self) == #"{"iss":"TEAM123456","iat":1700000000}"#)
        #expect(decoded[2].count == 64)
        let signature = try P256.Signing.ECDSASignature(rawRepresentation: decoded[2])
        #expect(key.publicKey.isValidSignature(signature, for: Data("\(parts[0]).\(parts[1])".utf8)))
    }

    @Test("reads what openssl writes, with any line ends, and without one at the end")
    func files() throws {
        let tool = try OpenSSL()
        try tool.run("ecparam -name prime256v1 -genkey -noout -out ec.pem")
        try tool.run("pkcs8 -topk8 -nocrypt -in ec.pem -out key.p8")
        let text = try tool.text("key.p8")
        #expect(message(text) == nil)
        #expect(message(text.replacingOccurrences(of: "\n", with: "\r\n")) == nil)
        #expect(message(String(text.dropLast())) == nil)
        #expect(message("\u{FEFF}" + text) == nil)
        #expect(message("# a comment\n" + text) == nil)
    }

    @Test("says what to change about a file that is no such key")
    func wrongFiles() throws {
        let tool = try OpenSSL()
        try tool.makeCertificate("c", subject: "/CN=x")
        try tool.run("ecparam -name secp384r1 -genkey -noout -out p384.pem")
        try tool.run("pkcs8 -topk8 -nocrypt -in p384.pem -out p384.p8")
        try tool.run("pkcs8 -topk8 -passout pass:secret -in c.key -out encrypted.p8")
        #expect(message("")?.contains("begins with -----BEGIN PRIVATE KEY-----") == true)
        #expect(message(String(Self.pem.dropLast(40)))?.contains("damaged") == true)
        #expect(message(try tool.text("c.pem"))?.contains("holds a certificate") == true)
        #expect(message(try tool.text("p384.p8"))?.contains("P-256") == true)
        #expect(message(try tool.text("encrypted.p8"))?.contains("openssl pkcs8 -in key.p8 -out decrypted.p8") == true)
    }

    @Test("its ids have ten letters and digits")
    func ids() {
        #expect(message() == nil)
        #expect(message(keyID: "ABCDE1234")?.contains("not 9 characters") == true)
        #expect(message(keyID: "ABCDE-2345")?.contains("key id must have 10 letters and digits") == true)
        #expect(message(teamID: "TEAM\"23456")?.contains("team id") == true)
    }
}

@Suite("Base 64 for URLs")
struct Base64URLTests {
    @Test(
        "encodes as RFC 4648 does, without padding",
        arguments: [
            ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"),
        ])
    func vectors(text: String, encoded: String) {
        #expect(Base64URL.encode(text.utf8) == encoded)
    }

    @Test("uses the letters that URLs take")
    func alphabet() {
        #expect(Base64URL.encode([0xFB, 0xFF, 0xBF]) == "-_-_")
    }
}
