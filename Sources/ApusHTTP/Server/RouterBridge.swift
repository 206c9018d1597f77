import ApusCore
import HTTPTypes
import Hummingbird
import NIOCore

/// Hands a request to the router and writes its response to the connection.
enum RouterBridge {
    static func answer(
        _ request: HTTPWireRequest, from peer: IPAddress?, shared: HTTPServerContext, channel: any Channel,
        handler: HTTPConnectionHandler
    ) {
        let connection = HTTPResponseConnection(answering: request.head)
        let canChunk = request.version == .http11
        let isHead = request.method == .head
        Task {
            let isSecure = shared.proxies.isSecure(request.headers, from: peer) ?? (shared.tls != nil)
            let client = shared.proxies.client(request.headers, from: peer)
            let response = await shared.respond(
                Request(request, scheme: isSecure ? "https" : "http"), channel, client)
            let isComplete = await write(
                response, to: channel, of: handler, connection: connection, canChunk: canChunk, omitsBody: isHead)
            channel.eventLoop.execute { handler.didAnswer(closing: !isComplete) }
        }
    }

    /// - Returns: whether the connection can carry another response.
    private static func write(
        _ response: Response, to channel: any Channel, of handler: HTTPConnectionHandler,
        connection: HTTPResponseConnection, canChunk: Bool, omitsBody: Bool
    ) async -> Bool {
        let contentType = response.headers[.contentType]
        let headers = response.headers.compactMap { field -> HTTPWireField? in
            field.name == .contentType || field.name == .contentLength
                ? nil : HTTPWireField(field.name.rawName, field.value)
        }
        let status = Int(response.status.code)
        let framing: HTTPResponseFraming =
            if status == 204 || status == 304 {
                .none
            } else if let length = response.body.contentLength {
                .length(length)
            } else {
                canChunk ? .chunked : .untilClose
            }
        var head = ByteBuffer()
        HTTPResponseEncoder.writeHead(
            status: status, contentType: contentType, headers: headers, connection: connection, framing: framing,
            into: &head)
        do {
            if omitsBody || framing == .none {
                try await channel.writeAndFlush(head)
            } else {
                try await response.body.write(
                    ChannelBodyWriter(channel: channel, handler: handler, framing: framing, head: head))
            }
            return framing != .untilClose
        } catch {
            return false
        }
    }
}

/// Writes a response's body as it is made. The head goes out with the first of it.
struct ChannelBodyWriter: ResponseBodyWriter {
    let channel: any Channel
    let handler: HTTPConnectionHandler
    let framing: HTTPResponseFraming
    private var head: ByteBuffer?

    init(channel: any Channel, handler: HTTPConnectionHandler, framing: HTTPResponseFraming, head: ByteBuffer) {
        self.channel = channel
        self.handler = handler
        self.framing = framing
        self.head = head
    }

    /// The head, unless it went out already; it is the caller's to write now.
    mutating func takeHead() -> ByteBuffer {
        defer { head = nil }
        return head ?? ByteBuffer()
    }

    mutating func write(_ part: ByteBuffer) async throws {
        var bytes = takeHead()
        if framing == .chunked {
            HTTPResponseEncoder.writeChunk(part, into: &bytes)
        } else {
            bytes.writeImmutableBuffer(part)
        }
        try await channel.writeAndFlush(bytes)
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        var bytes = head ?? ByteBuffer()
        if framing == .chunked { HTTPResponseEncoder.writeLastChunk(into: &bytes) }
        if bytes.readableBytes > 0 { try await channel.writeAndFlush(bytes) }
    }
}

extension Request {
    init(_ request: HTTPWireRequest, scheme: String) {
        var fields = HTTPFields()
        for field in request.headers.fields {
            if let name = HTTPField.Name(field.name) { fields.append(HTTPField(name: name, value: field.value)) }
        }
        var target = request.path
        if let query = request.query { target += "?\(query)" }
        self.init(
            head: HTTPRequest(
                method: HTTPRequest.Method(request.method.description) ?? .get, scheme: scheme,
                authority: request.headers.first("host"), path: target, headerFields: fields),
            body: RequestBody(buffer: request.body))
    }
}
