import Testing

@testable import ApusProviders

@Suite("SMTPAttempt")
struct SMTPAttemptTests {
    func outcome(_ end: SMTPAttempt.End, _ line: String?, isAllSent: Bool = false) -> SendOutcome {
        SMTPAttempt(end: end, reply: line.flatMap { SMTPReply(line: $0) }, isAllSent: isAllSent).outcome
    }

    @Test(
        "a server's refusal is told by its code",
        arguments: [
            ("550 5.1.1 No such user\r\n", SendOutcome.Result.refused, "smtp.550"), ("552 full", .refused, "smtp.552"),
            ("554 5.7.1 Spam", .refused, "smtp.554"), ("421 closing", .later(after: nil), "smtp.421"),
            ("451 4.3.0 Try later", .later(after: nil), "smtp.451"), ("452 Full", .later(after: nil), "smtp.452"),
            ("530 5.7.0 Authentication required", .later(after: 600), "smtp.login"),
            ("535 Bad password", .later(after: 600), "smtp.login"),
        ])
    func refusals(line: String, result: SendOutcome.Result, code: String) {
        for isAllSent in [true, false] {
            let outcome = outcome(.refused, line, isAllSent: isAllSent)
            #expect(outcome.result == result)
            #expect(outcome.code == code)
        }
    }

    @Test("what breaks before the mail is sent can be tried again; after that nobody can say what became of it")
    func broken() {
        #expect(outcome(.broken, "250 ok").result == .later(after: nil))
        // It was the answer to EHLO.
        #expect(outcome(.broken, "502 what?").result == .later(after: nil))
        #expect(outcome(.broken, "354 go", isAllSent: true).result == .unknown)
        #expect(outcome(.timeout, "354 go").result == .later(after: nil))
        #expect(outcome(.timeout, "354 go", isAllSent: true).result == .unknown)
        #expect(outcome(.cancelled, nil).result == .putOff(after: 1))
        #expect(outcome(.cancelled, "354 go", isAllSent: true).result == .unknown)
    }

    @Test("a login that fails for the moment is not blamed on the password")
    func temporaryLogin() {
        #expect(outcome(.noLogin, "454 4.7.0 Temporary authentication failure").code == "smtp.454")
        #expect(outcome(.noLogin, "535 5.7.8 No").code == "smtp.login")
        #expect(outcome(.noLogin, "250 AUTH GSSAPI").code == "smtp.login")
    }

    @Test("an accepted mail has the server's words as its reference")
    func accepted() {
        #expect(
            outcome(.done, "250 2.0.0 Ok: queued as 4F2\r\n").result == .accepted(reference: "2.0.0 Ok: queued as 4F2"))
    }

    @Test("only what the server had heard nothing of is tried again at once")
    func retry() {
        func mayRetry(_ end: SMTPAttempt.End, _ line: String?, isAllSent: Bool = false) -> Bool {
            SMTPAttempt(end: end, reply: line.flatMap { SMTPReply(line: $0) }, isAllSent: isAllSent).mayRetryAtOnce
        }
        #expect(mayRetry(.broken, nil))
        #expect(mayRetry(.refused, "421 too many mails"))
        #expect(!mayRetry(.refused, "550 no"))
        #expect(!mayRetry(.refused, "451 later"))
        #expect(!mayRetry(.broken, nil, isAllSent: true))
        #expect(!mayRetry(.timeout, nil))
    }

    @Test("what is no reply is none", arguments: ["", "25", "abc", "99 x", "600 x", "٢٥٠ x", "\r\n"])
    func noReply(line: String) {
        #expect(SMTPReply(line: line) == nil)
    }
}
