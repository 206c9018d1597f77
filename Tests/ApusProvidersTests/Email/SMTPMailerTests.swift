import ApusCore
import ApusTestKit
import NIOCore
import Synchronization
import Testing

@testable import ApusProviders

@Suite("SMTPMailer", .timeLimit(.minutes(1)))
struct SMTPMailerTests {
    let clock = ManualClock()

    func withMailer(
        _ answers: [String: ScriptedMailServer.Answer] = [:], limit: Int = 10, mailsPerConnection: Int = 100,
        mailTime: Int = 10_000, _ body: (SMTPMailer, ScriptedMailServer) async throws -> Void
    ) async throws {
        let server = try await ScriptedMailServer.start(answers)
        let limits = SMTPConnection.Limits(connectTime: 5000, mailTime: mailTime, mails: mailsPerConnection)
        let mailer = SMTPMailer(try settings(of: server), clock: clock, limit: limit, limits)
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(mailer, server))
        } catch {
            outcome = .failure(error)
        }
        await mailer.shutdown(drainTime: .zero)
        try await server.stop()
        try outcome.get()
    }

    func settings(of server: ScriptedMailServer) throws -> SMTPSettings {
        try SMTPSettings(
            .fixture(
                .smtp,
                [
                    "host": "127.0.0.1", "port": "\(server.port)", "tls": "none", "from": "ops@example.org",
                    "helo": "apus.example.org",
                ]))
    }

    func mail() throws -> MailMessage {
        try MailMessage(
            from: MailAddress("ops@example.org"), to: MailAddress("ann@example.org"), subject: "Hello", text: "Hi",
            id: "7")
    }

    func send(_ mailer: SMTPMailer) async throws -> SendOutcome {
        let mail = try mail()
        return await withCheckedContinuation { continuation in
            mailer.send(mail) { continuation.resume(returning: $0) }
        }
    }

    @Test("mails go over one connection, one after the other")
    func reuse() async throws {
        try await withMailer([".": .reply("250 2.0.0 queued as 4F2")]) { mailer, server in
            for _ in 0..<3 {
                try await #expect(send(mailer).result == .accepted(reference: "2.0.0 queued as 4F2"))
            }
            #expect(server.connections == 1)
            #expect(
                server.lines.prefix(4) == [
                    "EHLO apus.example.org", "MAIL FROM:<ops@example.org>", "RCPT TO:<ann@example.org>", "DATA",
                ])
            #expect(server.lines.contains("Subject: Hello"))
        }
    }

    @Test("after so many mails there is a new connection")
    func renewal() async throws {
        try await withMailer(mailsPerConnection: 2) { mailer, server in
            for _ in 0..<4 { try await #expect(send(mailer).code == "smtp.accepted") }
            #expect(server.connections == 2)
        }
    }

    @Test("a server that takes no more over an old connection gets the mail over a new one at once")
    func refusedReuse() async throws {
        let server = try await ScriptedMailServer.start(mailsPerConnection: 1)
        let mailer = SMTPMailer(try settings(of: server), clock: clock, limit: 10, SMTPConnection.Limits())
        for _ in 0..<3 { try await #expect(send(mailer).code == "smtp.accepted") }
        #expect(server.connections == 3)
        await mailer.shutdown()
        try await server.stop()
    }

    @Test(
        "a refusal has the server's code, wherever it comes",
        arguments: [
            ("RCPT", "550 5.1.1 No such user", SendOutcome.Result.refused, "smtp.550"),
            ("MAIL", "451 Try later", .later(after: nil), "smtp.451"),
            ("DATA", "554 No", .refused, "smtp.554"), (".", "552 Too large", .refused, "smtp.552"),
            (".", "451 Try later", .later(after: nil), "smtp.451"),
            ("MAIL", "530 5.7.0 Authentication required", .later(after: 600), "smtp.login"),
            ("GREETING", "554 No service", .later(after: nil), "smtp.unreachable"),
        ])
    func refusals(command: String, reply: String, result: SendOutcome.Result, code: String) async throws {
        try await withMailer([command: .reply(reply)]) { mailer, _ in
            let outcome = try await send(mailer)
            #expect(outcome.result == result)
            #expect(outcome.code == code)
        }
    }

    @Test(
        "a connection that breaks tells by when it does whether the mail may have been taken",
        arguments: [
            ("GREETING", SendOutcome.Result.later(after: nil)), ("MAIL", .later(after: nil)),
            ("RCPT", .later(after: nil)), ("DATA", .later(after: nil)), (".", .unknown),
        ])
    func breaks(command: String, result: SendOutcome.Result) async throws {
        try await withMailer([command: .close]) { mailer, _ in
            try await #expect(send(mailer).result == result)
        }
    }

    @Test(
        "a server that hangs tells by when it does whether the mail may have been taken",
        arguments: [("MAIL", SendOutcome.Result.later(after: nil)), (".", .unknown)])
    func hangs(command: String, result: SendOutcome.Result) async throws {
        try await withMailer([command: .silence], mailTime: 4000) { mailer, _ in
            try await #expect(send(mailer).result == result)
        }
    }

    @Test("after trouble with the server nothing is tried for a while")
    func pause() async throws {
        try await withMailer(["GREETING": .reply("421 Too busy")]) { mailer, server in
            try await #expect(send(mailer).code == "smtp.unreachable")
            try await #expect(send(mailer).result == .putOff(after: 6))
            #expect(server.connections == 1)
            clock.advance(by: .seconds(5))
            try await #expect(send(mailer).code == "smtp.unreachable")
            #expect(server.connections == 2)
        }
    }

    @Test("STARTTLS that is required and not offered sends nothing")
    func noSTARTTLS() async throws {
        let server = try await ScriptedMailServer.start()
        let mailer = try SMTPMailer(
            .fixture(.smtp, ["host": "127.0.0.1", "port": "\(server.port)", "from": "ops@example.org"]), clock: clock)
        try await #expect(send(mailer).code == "smtp.tls")
        #expect(!server.lines.contains { $0.hasPrefix("MAIL") })
        await mailer.shutdown()
        try await server.stop()
    }

    @Test("a server that does not say goodbye does not hold up the end")
    func silentQuit() async throws {
        try await withMailer(["QUIT": .silence]) { mailer, server in
            try await #expect(send(mailer).code == "smtp.accepted")
            await mailer.shutdown()
            try await eventually("the goodbye") { server.lines.last == "QUIT" }
        }
    }

    @Test("when as many wait as may, the next is put off; all are answered when the mailer stops")
    func bounded() async throws {
        let codes = Mutex<[String]>([])
        try await withMailer(["MAIL": .silence], limit: 2) { mailer, server in
            for _ in 0..<3 { mailer.send(try mail()) { outcome in codes.withLock { $0.append(outcome.code) } } }
            #expect(codes.withLock { $0 } == ["smtp.busy"])
            try await eventually("the first mail") { server.lines.contains { $0.hasPrefix("MAIL") } }
        }
        #expect(codes.withLock { $0 } == ["smtp.busy", "smtp.stopping", "smtp.stopping"])
    }

    @Test("a stopped mailer takes nothing more")
    func stopped() async throws {
        try await withMailer { mailer, server in
            await mailer.shutdown()
            try await #expect(send(mailer).code == "smtp.stopping")
            #expect(server.connections == 0)
        }
    }
}
