import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// Calls the server's HTTP interface: JSON in, JSON out.
public struct APIClient: Sendable {
    /// What a call proves its right with.
    public enum Credential: Sendable {
        case none
        /// The token of an administrator, in `Authorization: Bearer`.
        case adminToken(String)
        /// The key of an app, in `X-App-Key`.
        case appKey(String)
    }

    public let server: ServerAddress
    private let credential: Credential

    public init(server: ServerAddress, credential: Credential = .none) {
        self.server = server
        self.credential = credential
    }

    /// The path comes as segments that are not escaped, `["v1", "devices", id]`, and so does the query.
    ///
    /// - Throws: `APIError` if the server refuses, `UnreachableError` if it does not answer.
    public func get(_ path: [String], query: [(String, String)] = []) async throws -> APIAnswer {
        try await execute(.GET, path, query: query, body: nil)
    }

    /// - Throws: as `get(_:query:)`.
    public func post(_ path: [String], _ body: some Encodable) async throws -> APIAnswer {
        try await execute(.POST, path, query: [], body: JSONEncoder().encode(body))
    }

    /// Posts JSON texts, one a line.
    ///
    /// - Throws: as `get(_:query:)`.
    func post(_ path: [String], lines: [Data]) async throws -> APIAnswer {
        let body = Data(lines.joined(separator: Data("\n".utf8)))
        return try await execute(.POST, path, query: [], body: body, type: "application/x-ndjson")
    }

    /// - Throws: as `get(_:query:)`.
    public func put(_ path: [String], _ body: some Encodable) async throws -> APIAnswer {
        try await execute(.PUT, path, query: [], body: JSONEncoder().encode(body))
    }

    /// - Throws: as `get(_:query:)`.
    public func patch(_ path: [String], _ body: some Encodable) async throws -> APIAnswer {
        try await execute(.PATCH, path, query: [], body: JSONEncoder().encode(body))
    }

    /// - Throws: as `get(_:query:)`.
    public func delete(_ path: [String], query: [(String, String)] = []) async throws -> APIAnswer {
        try await execute(.DELETE, path, query: query, body: nil)
    }

    /// Reads server-sent events until the server ends its answer.
    /// - Parameters:
    ///   - path: the segments of the path, not yet escaped.
    ///   - query: names and values, not yet escaped.
    ///   - after: the id of the last event that is known already.
    ///   - body: called with one event after the other; the next ones wait meanwhile.
    /// - Throws: as `get(_:query:)`, `UnreachableError` also if the connection breaks, and whatever `body` throws.
    public func follow(
        _ path: [String], query: [(String, String)] = [], after: String? = nil,
        _ body: (ServerSentEvent) async throws -> Void
    ) async throws {
        var request = request(.GET, path, query: query)
        request.headers.add(name: "Accept", value: "text/event-stream")
        if let after { request.headers.add(name: "Last-Event-ID", value: after) }
        let sent = request
        let response = try await reached { try await Self.connections.execute(sent, timeout: Self.longest) }
        guard response.status.code == 200 else {
            _ = try await answer(response)
            throw UnexpectedAnswerError(text: "\(response.status)")
        }
        var decoder = ServerSentEventDecoder()
        var parts = response.body.makeAsyncIterator()
        while let part = try await reached({ try await parts.next() }) {
            for event in try decoder.decode(part) { try await body(event) }
        }
    }

    /// How long an answer may go on that has no end.
    private static let longest = TimeAmount.hours(24 * 365)

    private func execute(
        _ method: HTTPMethod, _ path: [String], query: [(String, String)], body: Data?,
        type: String = "application/json"
    ) async throws -> APIAnswer {
        var request = request(method, path, query: query)
        if let body {
            request.headers.add(name: "Content-Type", value: type)
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        let sent = request
        let response = try await reached { try await Self.connections.execute(sent, timeout: .seconds(30)) }
        return try await answer(response)
    }

    private func request(_ method: HTTPMethod, _ path: [String], query: [(String, String)]) -> HTTPClientRequest {
        let origin = "\(server.isSecure ? "https" : "http")://\(server.authority)"
        var request = HTTPClientRequest(url: origin + server.target(path, query: query))
        request.method = method
        request.tlsConfiguration = server.tls
        switch credential {
        case .none: break
        case .adminToken(let token): request.headers.add(name: "Authorization", value: "Bearer \(token)")
        case .appKey(let key): request.headers.add(name: "X-App-Key", value: key)
        }
        return request
    }

    private func answer(_ response: HTTPClientResponse) async throws -> APIAnswer {
        let answer = APIAnswer(
            text: try await reached { String(buffer: try await response.body.collect(upTo: 16 << 20)) })
        guard (200..<300).contains(response.status.code) else {
            let retryAfter = response.headers.first(name: "Retry-After")
            throw APIError(status: Int(response.status.code), retryAfter: retryAfter, answer: answer)
        }
        return answer
    }

    /// Whatever goes wrong on the way to the server and back is said in one form.
    private func reached<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as CancellationError {
            throw error
        } catch {
            throw UnreachableError(server: server, reason: ConnectionFailure.reason(error))
        }
    }

    /// Lives as long as the process. A refused connection is an answer, so it is not tried again; and a redirect is not
    /// followed, because it would carry the credential elsewhere.
    private static let connections: HTTPClient = {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(10)
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()
}

/// What the server answered to a call that it did.
public struct APIAnswer: Sendable {
    /// The body as it came.
    public let text: String

    /// A time is a `Date`, as the server writes it: RFC 3339 with milliseconds.
    ///
    /// - Throws: `UnexpectedAnswerError` if the body is something else.
    public func decoded<Answer: Decodable>(as type: Answer.Type = Answer.self) throws -> Answer {
        do {
            let decoder = JSONDecoder()
            decoder.dateDecodingStrategy = .custom { decoder in
                let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
                return try format.parse(decoder.singleValueContainer().decode(String.self))
            }
            return try decoder.decode(type, from: Data(text.utf8))
        } catch {
            throw UnexpectedAnswerError(text: text)
        }
    }
}
