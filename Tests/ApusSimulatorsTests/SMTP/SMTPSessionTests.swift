import ApusCore
import Testing

@testable import ApusSimulators

@Suite("SMTPSession")
struct SMTPSessionTests {
    /// Everything is said to a new session.
    func talk(_ lines: [String], _ change: (inout SMTPSettings) -> Void = { _ in }) -> [SMTPSession.Action] {
        var settings = SMTPSettings()
        change(&settings)
        var session = SMTPSession(settings) { $0.hasPrefix("550-") ? 550 : $0.hasPrefix("421-") ? 421 : nil }
        return lines.flatMap { session.receive(Array($0.utf8)) }
    }

    func codes(_ actions: [SMTPSession.Action]) -> [Int] {
        actions.compactMap { if case .reply(let code, _) = $0 { code } else { nil } }
    }

    func withUser(_ settings: inout SMTPSettings) {
        settings.user = "ann"
        settings.password = "pass"
    }

    @Test("a message is delivered to the recipients that were taken, without the dots that were put before its lines")
    func delivers() {
        let actions = talk([
            "EHLO me", "MAIL FROM:<a@b.example> SIZE=10 BODY=8BITMIME", "RCPT TO:<c@d.example>",
            "RCPT TO:<550-x@d.example>", "DATA", "Subject: x", "", "..hidden", "end", ".", "QUIT",
        ])
        #expect(codes(actions) == [250, 250, 250, 550, 354, 221])
        let message = SMTPMessage(
            sender: "a@b.example", recipients: ["c@d.example"], data: Array("Subject: x\r\n\r\n.hidden\r\nend\r\n".utf8)
        )
        #expect(actions.contains(.deliver(message)))
        #expect(actions.last == .close)
    }

    @Test("EHLO tells what there is; authentication only if there is a user")
    func extensions() {
        #expect(
            talk(["EHLO me"]) == [
                .reply(250, ["simulator.example", "PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 10485760"])
            ])
        guard case .reply(250, let lines) = talk(["EHLO me"], withUser)[0] else { return #expect(Bool(false)) }
        #expect(lines.last == "AUTH PLAIN LOGIN")
    }

    @Test("commands come in their order")
    func order() {
        #expect(codes(talk(["MAIL FROM:<a@b.example>"])) == [503])
        #expect(codes(talk(["EHLO x", "RCPT TO:<a@b.example>"])) == [250, 503])
        #expect(codes(talk(["EHLO x", "MAIL FROM:<>", "MAIL FROM:<>", "DATA"])) == [250, 250, 503, 503])
        #expect(codes(talk(["EHLO x", "MAIL FROM:<>", "RSET", "RCPT TO:<a@b.example>"])) == [250, 250, 250, 503])
        #expect(codes(talk(["FROB", "EHLO x", "MAIL TO:<a>", "MAIL FROM:a"])) == [500, 250, 501, 501])
        #expect(codes(talk(["EHLO x", "MAIL FROM:<>", "RCPT TO:<>"])) == [250, 250, 501])
    }

    @Test(
        "whoever has to authenticate can, with either mechanism",
        arguments: [
            (["AUTH PLAIN AGFubgBwYXNz"], [235]), (["AUTH PLAIN", "AGFubgBwYXNz"], [334, 235]),
            (["AUTH LOGIN", "YW5u", "cGFzcw=="], [334, 334, 235]), (["AUTH LOGIN YW5u", "cGFzcw=="], [334, 235]),
            (["AUTH PLAIN AGFubgB3cm9uZw=="], [535]), (["AUTH PLAIN !"], [535]), (["AUTH LOGIN", "*"], [334, 535]),
            (["AUTH CRAM-MD5"], [504]),
        ])
    func authentication(_ lines: [String], _ expected: [Int]) {
        let last = expected.last == 235 ? 250 : 530
        #expect(codes(talk(["EHLO x"] + lines + ["MAIL FROM:<>"], withUser)) == [250] + expected + [last])
    }

    @Test("a message that is announced or comes with too many bytes is refused")
    func size() {
        func talk(_ lines: [String]) -> [SMTPSession.Action] { self.talk(["EHLO x"] + lines) { $0.sizeLimit = 10 } }
        #expect(codes(talk(["MAIL FROM:<> SIZE=11"])) == [250, 552])
        let long = talk(["MAIL FROM:<>", "RCPT TO:<a@b.example>", "DATA", "123456789", ".", "MAIL FROM:<>"])
        #expect(codes(long) == [250, 250, 250, 354, 552, 250])
        let fits = talk(["MAIL FROM:<>", "RCPT TO:<a@b.example>", "DATA", "12345678", "."])
        #expect(
            fits.last
                == .deliver(SMTPMessage(sender: "", recipients: ["a@b.example"], data: Array("12345678\r\n".utf8))))
    }

    @Test("421 ends the connection; the hundred and first recipient has to wait")
    func recipients() {
        #expect(talk(["EHLO x", "MAIL FROM:<>", "RCPT TO:<421-a@b.example>"]).last == .close)
        let many = talk(["EHLO x", "MAIL FROM:<>"] + Array(repeating: "RCPT TO:<a@b.example>", count: 101))
        #expect(codes(many).suffix(2) == [250, 452])
    }
}
