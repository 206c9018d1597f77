import ApusCore
import ApusTestKit
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import ApusProviders

@Suite("SMSGateway", .timeLimit(.minutes(1)))
struct SMSGatewayTests {
    func withGateway(
        _ answer: PlainServer.Answer, limit: Int = 64, _ body: (SMSGateway, PlainServer) async throws -> Void
    ) async throws {
        let server = try await PlainServer.start(answer)
        let http = OutgoingHTTP(group: MultiThreadedEventLoopGroup.singleton)
        let credential = Credential.fixture(
            .webhookSMS, ["url": server.url], secret: ["key": "0123456789abcdef"])
        let gateway = try SMSGateway(credential, http: http, clock: ManualClock(), limit: limit)
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(gateway, server))
        } catch {
            outcome = .failure(error)
        }
        await http.shutdown(drainTime: .zero)
        try await server.stop()
        try outcome.get()
    }

    func message() throws -> SMSMessage {
        try SMSMessage(to: PhoneNumber("13800000000"), text: "Hello", id: "7")
    }

    func send(_ gateway: SMSGateway) async throws -> SendOutcome {
        let message = try message()
        return await withCheckedContinuation { continuation in
            gateway.send(message) { continuation.resume(returning: $0) }
        }
    }

    @Test("a text goes to the service, and its answer comes back")
    func sends() async throws {
        try await withGateway(.text("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nm1")) { gateway, server in
            try await #expect(send(gateway).result == .accepted(reference: "m1"))
            #expect(server.received.contains(#""text":"Hello""#))
        }
    }

    @Test("a service that closes the connection instead of answering may have sent it")
    func unanswered() async throws {
        try await withGateway(.close) { gateway, _ in
            let outcome = try await send(gateway)
            #expect(outcome.result == .unknown)
            #expect(outcome.code == "webhook.unknown")
        }
    }

    @Test("a service that cannot be reached has not sent it")
    func notSent() async throws {
        try await withGateway(.close) { gateway, server in
            try await server.stop()
            let outcome = try await send(gateway)
            #expect(outcome.result == .later(after: nil))
            #expect(outcome.code == "webhook.not_sent")
        }
    }

    @Test("when as many are under way as may be, the next is put off")
    func bounded() async throws {
        let first = Mutex<SendOutcome?>(nil)
        try await withGateway(.silence, limit: 1) { gateway, server in
            gateway.send(try message()) { outcome in first.withLock { $0 = outcome } }
            try await #expect(send(gateway).code == "webhook.busy")
            try await eventually("the request") { server.received.contains("Hello") }
        }
        #expect(first.withLock { $0 }?.result == .unknown)
    }

    @Test("when one has ended there is room for the next")
    func roomAgain() async throws {
        try await withGateway(.text("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"), limit: 1) { gateway, _ in
            for _ in 0..<3 { try await #expect(send(gateway).code == "webhook.accepted") }
        }
    }

    @Test("a credential for something else is refused")
    func otherRoute() {
        let http = OutgoingHTTP(group: MultiThreadedEventLoopGroup.singleton)
        #expect(throws: ApusError.self) {
            try SMSGateway(.fixture(.apns, [:]), http: http, clock: ManualClock())
        }
    }
}
