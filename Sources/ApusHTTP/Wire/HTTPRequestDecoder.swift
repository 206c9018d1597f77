package import NIOCore

/// What a request decoder has to tell.
package enum HTTPDecoderEvent: Sendable {
    case request(HTTPWireRequest)
    /// The client waits for `100 Continue` before it sends a body that would be accepted. Told at most once a request.
    case expectContinue
}

/// Makes whole requests of the bytes that a client sends (RFC 9112).
///
/// Requests that follow before the first is answered wait here, unread. Nothing is kept of what was read.
package struct HTTPRequestDecoder: Sendable {
    private enum State: Sendable {
        case head
        case body(HTTPWireHead, length: Int)
        case chunks(HTTPWireHead)
        case failed
    }

    private let bodyLimit: @Sendable (HTTPWireHead) -> Int
    private var input = WireInput()
    private var state = State.head
    /// How many bytes of an unfinished head were looked at.
    private var scanned = 0
    /// Beside the state, not in it, so that it can be changed in place.
    private var chunks = HTTPChunkDecoder(limit: 0)

    /// - Parameter bodyLimit: how many bytes of body a request with this head may have.
    package init(bodyLimit: @escaping @Sendable (HTTPWireHead) -> Int) {
        self.bodyLimit = bodyLimit
    }

    /// Whether nothing has come of a next request, so that closing loses nothing.
    package var isIdle: Bool {
        if case .head = state { input.count == 0 } else { false }
    }

    /// Takes all of `bytes`.
    package mutating func append(_ bytes: inout ByteBuffer) {
        if case .failed = state {
            bytes = ByteBuffer()
        } else {
            input.append(&bytes)
        }
    }

    /// The next request, or nil if more bytes are needed.
    /// - Throws: `HTTPWireError`; there are no further requests then.
    package mutating func next() throws(HTTPWireError) -> HTTPDecoderEvent? {
        do throws(HTTPWireError) {
            return try advance()
        } catch {
            state = .failed
            input.removeAll()
            chunks = HTTPChunkDecoder(limit: 0)
            throw error
        }
    }

    /// Takes the bytes that follow the last request, for whoever speaks another protocol from here on.
    package mutating func takeUnread() -> ByteBuffer {
        input.read(input.count)
    }

    private mutating func advance() throws(HTTPWireError) -> HTTPDecoderEvent? {
        if case .head = state {
            guard let head = try readHead() else { return nil }
            try begin(head)
            if head.expectsContinue, head.bodyLength != .bytes(0), input.count == 0 { return .expectContinue }
        }
        switch state {
        case .head, .failed:
            return nil
        case .body(let head, let length):
            guard input.count >= length else { return nil }
            state = .head
            return .request(HTTPWireRequest(head: head, body: input.read(length)))
        case .chunks(let head):
            guard let body = try chunks.read(&input) else { return nil }
            state = .head
            chunks = HTTPChunkDecoder(limit: 0)
            return .request(HTTPWireRequest(head: head, body: body))
        }
    }

    private mutating func begin(_ head: HTTPWireHead) throws(HTTPWireError) {
        let limit = bodyLimit(head)
        switch head.bodyLength {
        case .bytes(let length):
            guard length <= limit else { throw .bodyTooLarge }
            state = .body(head, length: length)
        case .chunked:
            chunks = HTTPChunkDecoder(limit: limit)
            state = .chunks(head)
        }
    }

    private mutating func readHead() throws(HTTPWireError) -> HTTPWireHead? {
        if scanned == 0 { skipEmptyLines() }
        guard input.count > 0 else { return nil }
        // It may be the first half of another empty line.
        if input.count == 1, input.withBytes({ $0[0] == HTTPBytes.cr }) { return nil }
        var scanned = scanned
        let found = try input.withBytes { bytes throws(HTTPWireError) in
            try HTTPHeadParser.length(in: bytes, scanned: &scanned)
        }
        guard let length = found else {
            self.scanned = scanned
            return nil
        }
        self.scanned = 0
        return try HTTPHeadParser.parse(input.read(length))
    }

    /// Some clients end a body with a line end too many (RFC 9112, section 2.2).
    private mutating func skipEmptyLines() {
        while input.count >= 2, input.withBytes({ $0[0] == HTTPBytes.cr && $0[1] == HTTPBytes.lf }) { input.skip(2) }
    }
}
