/// How a client is to know where a response's body ends (RFC 9112, section 6).
package enum HTTPResponseFraming: Sendable, Equatable {
    /// A Content-Length, in bytes.
    case length(Int)
    /// Chunks follow. HTTP/1.1 only.
    case chunked
    /// The body ends with the connection, which must be told to close. For streams to HTTP/1.0 clients.
    case untilClose
    /// There is neither body nor length: 1xx, 204 and 304.
    case none
}

/// What a response says about the connection after it (RFC 9112, section 9.3).
package enum HTTPResponseConnection: Sendable, Equatable {
    /// Nothing, which in HTTP/1.1 means that it stays.
    case unmentioned
    /// It stays, said to an HTTP/1.0 client, which would not expect it.
    case keepAlive
    case close

    /// What the client of this request expects to hear.
    package init(answering request: HTTPWireHead) {
        self = !request.keepAlive ? .close : request.version == .http10 ? .keepAlive : .unmentioned
    }
}
