import ApusCore
import Testing

@testable import ApusProviders

@Suite("SMTPSettings")
struct SMTPSettingsTests {
    func settings(_ more: [String: String] = [:], password: String? = "secret") throws -> SMTPSettings {
        let usual = ["host": "mail.example.org", "from": "ops@example.org", "username": "user"]
        return try SMTPSettings(
            .fixture(.smtp, usual.merging(more) { $1 }, secret: password.map { ["password": $0] } ?? [:]))
    }

    @Test(
        "how the connection becomes secret decides its port and its URL",
        arguments: [
            ([:], "smtp://mail.example.org:587/"), (["tls": "implicit"], "smtps://mail.example.org:465/"),
            (["tls": "none", "allowsPlainPassword": "true"], "smtp://mail.example.org:25/"),
            (["port": "2525", "helo": "apus.example.org"], "smtp://mail.example.org:2525/apus.example.org"),
            (["host": "2001:db8::1"], "smtp://[2001:db8::1]:587/"),
        ])
    func url(more: [String: String], expected: String) throws {
        #expect(try settings(more).url == expected)
    }

    @Test(
        "a setting that cannot be used is refused by name",
        arguments: [
            (["host": ""], "host"), (["host": "a/b"], "host"), (["host": "user@host"], "host"), (["tls": "ssl"], "tls"),
            (["port": "0"], "port"), (["port": "x"], "port"), (["from": ""], "from"), (["from": "ops"], "from"),
            (["fromName": "a\nb"], "from"), (["helo": "a b"], "helo"), (["username": ""], "username"),
            (["tls": "none"], "tls"), (["tls": "opportunistic"], "tls"), (["pasword": "x"], "pasword"),
        ])
    func invalid(more: [String: String], field: String) {
        let error = #expect(throws: ApusError.self) { try settings(more) }
        #expect(error?.fields.first?.name == field)
    }

    @Test("a user name needs a password, and without both nobody logs in")
    func login() throws {
        #expect(throws: ApusError.self) { try settings(password: nil) }
        #expect(try settings(["username": "", "tls": "none"], password: nil).login == nil)
        #expect(try settings().login?.username == "user")
    }
}
