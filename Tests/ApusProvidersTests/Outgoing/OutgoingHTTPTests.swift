import ApusCore
import ApusTestKit
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import ApusProviders

@Suite("OutgoingHTTP", .timeLimit(.minutes(1)))
struct OutgoingHTTPTests {
    typealias Outcome = Result<OutgoingResponse, OutgoingFailure>

    func withServer(
        allowing exceptions: [String] = ["127.0.0.1"], answer: PlainServer.Answer,
        _ body: (OutgoingHTTP, PlainServer) async throws -> Void
    ) async throws {
        let server = try await PlainServer.start(answer)
        let http = OutgoingHTTP(
            group: MultiThreadedEventLoopGroup.singleton, policy: try AddressPolicy(allowing: exceptions))
        do {
            try await body(http, server)
        } catch {
            await http.shutdown(drainTime: .zero)
            throw error
        }
        await http.shutdown(drainTime: .zero)
        try await server.stop()
    }

    func send(
        _ http: OutgoingHTTP, to url: String, _ change: (inout OutgoingRequest) -> Void = { _ in }
    ) async throws -> Outcome {
        var request = OutgoingRequest(to: try WebAddress(url))
        request.body = ByteBuffer(string: "hello")
        change(&request)
        let complete = request
        return await withCheckedContinuation { continuation in
            http.send(complete) { continuation.resume(returning: $0) }
        }
    }

    func failure(_ outcome: Outcome) -> OutgoingFailure? {
        guard case .failure(let failure) = outcome else { return nil }
        return failure
    }

    @Test("an answer comes with its status, headers and body")
    func answers() async throws {
        try await withServer(answer: .text("HTTP/1.1 201 Created\r\nlocation: /m\r\ncontent-length: 2\r\n\r\nok")) {
            http, server in
            let response = try await send(http, to: server.url).get()
            #expect(response.status == 201)
            #expect(response.headers.first(name: "location") == "/m")
            #expect(response.body == ByteBuffer(string: "ok"))
            #expect(server.received.contains("hello"))
        }
    }

    @Test("a redirect is an answer and is not followed")
    func redirect() async throws {
        try await withServer(
            answer: .text("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n")
        ) { http, server in
            let response = try await send(http, to: server.url).get()
            #expect(response.status == 302)
            #expect(server.connections == 1)
        }
    }

    @Test("an answer's body is read up to the limit, however long it is")
    func longBody() async throws {
        let body = String(repeating: "x", count: 100_000)
        try await withServer(answer: .text("HTTP/1.1 400 Bad\r\ncontent-length: 100000\r\n\r\n\(body)")) {
            http, server in
            let response = try await send(http, to: server.url).get()
            #expect(response.status == 400)
            #expect(response.body.readableBytes == 1024)
        }
    }

    // MARK: Addresses

    @Test("an address that is not allowed is not even connected to when the URL shows it")
    func literalAddress() async throws {
        try await withServer(allowing: [], answer: .silence) { http, server in
            let outcome = try await send(http, to: server.url)
            #expect(failure(outcome) == .forbidden("its address is loopback"))
            #expect(server.connections == 0)
        }
    }

    @Test(
        "a name whose address turns out not to be allowed gets no byte of the request",
        arguments: ["localhost", "2130706433", "0x7f.1"])
    func rebinding(_ name: String) async throws {
        try await withServer(allowing: [], answer: .text("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")) {
            http, server in
            // Nothing but the connection's own address tells; more than once, as the pool must survive it.
            for _ in 0..<3 {
                let outcome = try await send(http, to: "http://\(name):\(server.port)/secret")
                #expect(failure(outcome) == .forbidden("its address is loopback"))
            }
            try await eventually("the connections came and are closed") {
                server.connections == 3 && server.openConnections == 0
            }
            #expect(server.received.isEmpty)
        }
    }

    @Test("a host that is an exception is allowed whatever its address is, and so is what the operator chose")
    func exceptions() async throws {
        let ok = PlainServer.Answer.text("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        try await withServer(allowing: ["localhost"], answer: ok) { http, server in
            #expect(try await send(http, to: "http://localhost:\(server.port)/").get().status == 200)
            let refused = try await send(http, to: server.url)
            #expect(failure(refused) == .forbidden("its address is loopback"))
            #expect(try await send(http, to: server.url) { $0.isTrusted = true }.get().status == 200)
        }
    }

    @Test("the client is replaced after so many destinations, and what is under way goes on")
    func replacesClient() async throws {
        let ok = PlainServer.Answer.text("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        let servers = [try await PlainServer.start(ok), try await PlainServer.start(ok)]
        let silent = try await PlainServer.start(.silence)
        let http = OutgoingHTTP(
            group: MultiThreadedEventLoopGroup.singleton, policy: try AddressPolicy(allowing: ["127.0.0.1"]),
            originLimit: 1)
        async let waiting = send(http, to: silent.url)
        try await eventually("the request came") { silent.received.contains("hello") }
        for server in servers + servers { #expect(try await send(http, to: server.url).get().status == 200) }
        // Connections of a client that was replaced are not kept.
        #expect(servers.map(\.connections) == [2, 2])
        try await eventually("they are closed") { servers[0].openConnections == 0 }
        #expect(silent.openConnections == 1)
        try await silent.stop()
        await http.shutdown(drainTime: .zero)
        #expect(failure(try await waiting) == .unanswered("the server stopped waiting"))
        for server in servers { try await server.stop() }
    }

    // MARK: Failures

    @Test("where nobody listens, nothing was sent")
    func refusedConnection() async throws {
        try await withServer(answer: .silence) { http, server in
            let url = server.url
            try await server.stop()
            let outcome = try await send(http, to: url)
            #expect(failure(outcome) == .notSent("the connection was refused"))
        }
    }

    @Test("a name that nobody knows is said so")
    func unknownName() async throws {
        try await withServer(answer: .silence) { http, _ in
            let outcome = try await send(http, to: "http://no-such-name.invalid/")
            #expect(failure(outcome) == .notSent("the host's name is not known"))
        }
    }

    @Test("what was sent and not answered in time may have arrived")
    func silence() async throws {
        try await withServer(answer: .silence) { http, server in
            let outcome = try await send(http, to: server.url) { $0.timeLimit = .seconds(1) }
            #expect(failure(outcome) == .unanswered("the time was up"))
        }
    }

    @Test("a connection that breaks after the request was sent leaves it open what became of it")
    func brokenConnection() async throws {
        try await withServer(answer: .close) { http, server in
            let outcome = try await send(http, to: server.url)
            guard case .unanswered = failure(outcome) else {
                Issue.record("\(outcome)")
                return
            }
        }
    }

    @Test("a server that answers before it has the request and closes does no harm")
    func earlyAnswer() async throws {
        try await withServer(answer: .early("HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n")) { http, server in
            let url = server.url
            let answers = try await withThrowingTaskGroup(of: Outcome.self) { group in
                for _ in 0..<500 { group.addTask { try await send(http, to: url) } }
                return try await group.reduce(into: 0) { count, outcome in
                    if case .success(let response) = outcome, response.status == 201 { count += 1 }
                }
            }
            #expect(answers > 0)
        }
    }

    @Test("shutting down ends what is under way, and takes no more")
    func shutdown() async throws {
        try await withServer(answer: .silence) { http, server in
            async let outcome = send(http, to: server.url)
            try await eventually("the request came") { server.received.contains("hello") }
            await http.shutdown(drainTime: .milliseconds(10))
            let givenUp = try await outcome
            #expect(failure(givenUp) == .unanswered("the server stopped waiting"))
            let late = try await send(http, to: server.url)
            #expect(failure(late) == .notSent("the server is stopping"))
        }
    }
}
