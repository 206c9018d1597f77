import ApusAPNs
import ApusCore
import Testing

@Suite("A client certificate")
struct ClientCertificateTests {
    /// SEQUENCE { "com.example.app", SEQUENCE { "app" }, "com.example.app.voip", SEQUENCE { "voip" } }
    private static let topics =
        "1.2.840.113635.100.6.3.6=DER:30:36:0C:0F:63:6F:6D:2E:65:78:61:6D:70:6C:65:2E:61:70:70:30:05:0C:03:61:70:70:"
        + "0C:14:63:6F:6D:2E:65:78:61:6D:70:6C:65:2E:61:70:70:2E:76:6F:69:70:30:06:0C:04:76:6F:69:70"

    private static let tool = Result {
        let tool = try OpenSSL()
        try tool.makeCertificate("c", subject: "/UID=com.example.app/CN=Apple Push Services", extensions: [topics])
        return tool
    }

    private func message(_ file: [UInt8], _ passphrase: String? = nil) -> String? {
        do {
            _ = try ClientCertificate(pemOrP12: file, passphrase: passphrase)
            return nil
        } catch {
            #expect(error.code == "apns_certificate_invalid")
            return error.message
        }
    }

    @Test("is read from a PEM file with certificate and key, in either order")
    func pem() throws {
        let tool = try Self.tool.get()
        for file in try [tool.bytes("c.pem") + tool.bytes("c.key"), tool.bytes("c.key") + tool.bytes("c.pem")] {
            let certificate = try ClientCertificate(pemOrP12: file)
            #expect(certificate.userID == "com.example.app")
            #expect(certificate.topics == ["com.example.app", "com.example.app.voip"])
            let days = (certificate.expiresAt.milliseconds - SystemClock().now.milliseconds) / 86_400_000
            #expect((363...365).contains(days))
        }
    }

    @Test("is read from a PEM file whose key is encrypted")
    func encryptedPEM() throws {
        let tool = try Self.tool.get()
        try tool.run("ec -in c.key -aes128 -passout pass:secret -out encrypted.key")
        let file = try tool.bytes("c.pem") + tool.bytes("encrypted.key")
        #expect(message(file, "secret") == nil)
        #expect(message(file, "wrong")?.contains("passphrase does not fit") == true)
        #expect(message(file)?.contains("passphrase does not fit") == true)
    }

    @Test(
        "is read from PKCS #12 files as openssl writes them now, and as Keychain Access does",
        arguments: ["", " -legacy"])
    func p12(option: String) throws {
        let tool = try Self.tool.get()
        let name = "c\(option.count).p12"
        try tool.run("pkcs12 -export\(option) -in c.pem -inkey c.key -passout pass:secret -out \(name)")
        let certificate = try ClientCertificate(pemOrP12: tool.bytes(name), passphrase: "secret")
        #expect(certificate.userID == "com.example.app")
        #expect(certificate.topics.count == 2)
        #expect(message(try tool.bytes(name), "wrong")?.contains("passphrase is wrong") == true)
        #expect(message(try tool.bytes(name))?.contains("openssl pkcs12 -legacy -in") == true)
        #expect(message(try Array(tool.bytes(name).dropLast(20)), "secret") != nil)
    }

    @Test("is read from a PKCS #12 file without a passphrase")
    func withoutPassphrase() throws {
        let tool = try Self.tool.get()
        try tool.run(arguments: [
            "pkcs12", "-export", "-in", "c.pem", "-inkey", "c.key", "-passout", "pass:", "-out", "open.p12",
        ])
        #expect(message(try tool.bytes("open.p12")) == nil)
    }

    @Test("needs key and certificate, and says which of them is missing")
    func halves() throws {
        let tool = try Self.tool.get()
        try tool.run("pkcs12 -export -nokeys -in c.pem -passout pass:secret -out nokey.p12")
        try tool.run("pkcs12 -export -nocerts -inkey c.key -in c.pem -passout pass:secret -out nocert.p12")
        #expect(message(try tool.bytes("nokey.p12"), "secret")?.contains("no private key") == true)
        #expect(message(try tool.bytes("nocert.p12"), "secret")?.contains("no certificate") == true)
        #expect(message(try tool.bytes("c.pem"))?.contains("no private key") == true)
        #expect(message(try tool.bytes("c.key"))?.contains("no certificate") == true)
        #expect(message([])?.contains("neither PEM nor PKCS #12") == true)
        #expect(message(Array("hello".utf8))?.contains("neither PEM nor PKCS #12") == true)
    }

    @Test("must belong to its key")
    func pair() throws {
        let tool = try Self.tool.get()
        try tool.makeCertificate("other", subject: "/CN=other")
        let file = try tool.bytes("c.pem") + tool.bytes("other.key")
        #expect(message(file)?.contains("does not belong") == true)
    }

    @Test("without a user id or topics has none")
    func plain() throws {
        let tool = try OpenSSL()
        try tool.makeCertificate("plain", subject: "/CN=plain")
        let certificate = try ClientCertificate(pemOrP12: tool.bytes("plain.pem") + tool.bytes("plain.key"))
        #expect(certificate.userID == nil)
        #expect(certificate.topics.isEmpty)
    }

    @Test("whose list of topics cannot be read is used without it")
    func damagedTopics() throws {
        let tool = try OpenSSL()
        try tool.makeCertificate("c", subject: "/UID=a.b", extensions: ["1.2.840.113635.100.6.3.6=DER:30:05:0C:7F:61"])
        let certificate = try ClientCertificate(pemOrP12: tool.bytes("c.pem") + tool.bytes("c.key"))
        #expect(certificate.userID == "a.b")
        #expect(certificate.topics.isEmpty)
    }
}
