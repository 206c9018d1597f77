import ApusCore
import Testing

@testable import ApusProviders

@Suite("MailMessage")
struct MailMessageTests {
    static let now = Timestamp(milliseconds: 1_709_210_096_789)

    func mail(
        from: MailAddress? = nil, to: MailAddress? = nil, subject: String = "Hello", text: String = "Hi",
        html: String? = nil, id: String = "order-7"
    ) throws -> MailMessage {
        try MailMessage(
            from: from ?? MailAddress("ops@example.org"), to: to ?? MailAddress("ann@example.org"), subject: subject,
            text: text, html: html, id: id)
    }

    @Test("a plain mail has the headers that it needs")
    func plain() throws {
        let to = try MailAddress("ann@example.org", name: #"Ann "A" B\C"#)
        #expect(
            try mail(to: to, text: "Grüße\n.\n").encoded(at: Self.now) == """
                From: <ops@example.org>\r
                To: "Ann \\"A\\" B\\\\C" <ann@example.org>\r
                Subject: Hello\r
                Date: Thu, 29 Feb 2024 12:34:56 +0000\r
                Message-ID: <order-7@example.org>\r
                Auto-Submitted: auto-generated\r
                MIME-Version: 1.0\r
                Content-Type: text/plain; charset=utf-8\r
                Content-Transfer-Encoding: base64\r
                \r
                R3LDvMOfZQ0KLg0K\r

                """)
    }

    @Test("a mail with HTML has both parts, the plain one first")
    func alternative() throws {
        let encoded = try mail(text: "Hi", html: "<p>Hi</p>").encoded(at: Self.now, boundary: "=_b")
        #expect(
            encoded.hasSuffix(
                """
                Content-Type: multipart/alternative;\r
                 boundary="=_b"\r
                \r
                --=_b\r
                Content-Type: text/plain; charset=utf-8\r
                Content-Transfer-Encoding: base64\r
                \r
                SGk=\r
                --=_b\r
                Content-Type: text/html; charset=utf-8\r
                Content-Transfer-Encoding: base64\r
                \r
                PHA+SGk8L3A+\r
                --=_b--\r

                """))
    }

    @Test("no line is longer than 76 bytes, and none begins with a dot, whatever the texts are")
    func lines() throws {
        let long = String(repeating: "订单 12345 已发货 — 🚚 ", count: 40)
        let name = String(repeating: "张三 ", count: 20)
        let encoded = try mail(
            from: MailAddress("ops@example.org", name: name), to: MailAddress("ann@example.org", name: name),
            subject: long, text: ".\n..\n" + long, html: long
        ).encoded(at: Self.now)
        for line in encoded.split(separator: "\r\n", omittingEmptySubsequences: false) {
            #expect(line.utf8.count <= 76 && !line.hasPrefix("."))
        }
    }

    @Test(
        "a subject that is long or not ASCII is encoded words that make the subject again",
        arguments: [
            "订单 12345 已经发货，请注意查收。这是一个相当长的主题，用来检查编码字", "Grüße", "🚚", "=?UTF-8?B?eA==?=", " leading", "trailing ",
            String(repeating: "long ", count: 30) + "end",
        ])
    func encodedWords(subject: String) throws {
        var header = MailHeader()
        header.add("Subject", subject)
        let lines = header.text.dropFirst("Subject: ".count).split(separator: "\r\n ")
        var bytes: [UInt8] = []
        for line in lines {
            let word = line.hasSuffix("\r\n") ? line.dropLast(1) : line
            #expect(word.hasPrefix("=?UTF-8?B?") && word.hasSuffix("?=") && word.utf8.count <= 75)
            let decoded = try #require(Base64.decode(String(word.dropFirst(10).dropLast(2))))
            // Each word is whole characters.
            #expect(String(validating: decoded, as: UTF8.self) != nil)
            bytes += decoded
        }
        #expect(String(decoding: bytes, as: UTF8.self) == subject)
    }

    @Test(
        "nothing in a header can add another header",
        arguments: ["a\r\nBcc: x@example.org", "a\nb", "a\rb", "a\0b", "a\u{1B}b", "\r\n\r\nbody"])
    func injection(text: String) {
        #expect(throws: ApusError.self) { try mail(subject: text) }
        #expect(throws: ApusError.self) { try MailAddress("ann@example.org", name: text) }
        #expect(throws: ApusError.self) { try MailAddress("\(text)@example.org") }
        #expect(throws: ApusError.self) { try MailAddress("ann@\(text)") }
        #expect(throws: ApusError.self) { try mail(id: text) }
    }

    @Test("a mail that says nothing or too much is refused")
    func size() throws {
        #expect(throws: ApusError.self) { try mail(text: "") }
        #expect(throws: ApusError.self) { try mail(text: String(repeating: "x", count: MailMessage.largest + 1)) }
        #expect(throws: ApusError.self) { try mail(subject: String(repeating: "x", count: 2001)) }
        #expect(try mail(text: "", html: "<p>").encoded(at: Self.now).contains("text/html"))
    }
}

@Suite("MailAddress")
struct MailAddressTests {
    @Test(
        "addresses of ASCII and of other letters are taken",
        arguments: [
            "ann@example.org", "a.b+c_d-e@mail.example.co", "o'neil@localhost", "用户@例子.广告", "jörg@müller.de", "1@2.3",
        ])
    func valid(address: String) throws {
        #expect(try MailAddress(address).address == address)
    }

    @Test(
        "what is no address is refused",
        arguments: [
            "", "ann", "@example.org", "ann@", "a@b@c", ".ann@example.org", "ann.@example.org", "a..b@example.org",
            "ann@example..org", "ann@-example.org", "ann@example-.org", "ann@.", "an n@example.org",
            "<ann@example.org>",
            "ann@example.org>", "\"a b\"@example.org", "ann@[127.0.0.1]", "ann,bob@example.org",
            "ann@example.org,x@y.z",
            "ann@example.org SIZE=1", "ann(comment)@example.org", "ann\u{2028}@example.org", "ann@exa\u{200B}mple.org",
            String(repeating: "a", count: 65) + "@example.org", "ann@" + String(repeating: "a.", count: 130) + "org",
        ])
    func invalid(address: String) {
        #expect(throws: ApusError.self) { try MailAddress(address) }
    }
}
