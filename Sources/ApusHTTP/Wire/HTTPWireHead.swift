import NIOCore

/// A request's line and headers. Everything in it is a slice of the bytes that came.
package struct HTTPWireHead: Sendable {
    package enum Version: Sendable, Equatable {
        case http10
        case http11
    }

    /// How much body follows.
    enum BodyLength: Sendable, Equatable {
        case bytes(Int)
        case chunked
    }

    package let method: HTTPWireMethod
    package let version: Version
    /// Whether the client wants to send more requests on this connection.
    package let keepAlive: Bool
    package let headers: HTTPWireHeaders

    let targetRange: Range<Int>
    let pathRange: Range<Int>
    let bodyLength: BodyLength
    /// Whether the client waits for `100 Continue` before it sends the body.
    let expectsContinue: Bool

    /// The target as it was sent: a path with or without a query, an absolute URI, or `*`.
    package var target: String { text(targetRange) }

    /// The path without the query, still percent-encoded. Never empty.
    package var path: String { pathRange.isEmpty ? "/" : text(pathRange) }

    /// What follows the question mark, still percent-encoded.
    package var query: String? {
        pathRange.upperBound < targetRange.upperBound ? text(pathRange.upperBound + 1..<targetRange.upperBound) : nil
    }

    /// Whether this is the path, byte for byte.
    package func hasPath(_ path: StaticString) -> Bool {
        if pathRange.isEmpty { return self.path == path.description }
        return headers.head.withUnsafeReadableBytes { $0[part: pathRange].matches(path) }
    }

    /// Whether the path begins so, byte for byte.
    package func path(beginsWith start: StaticString) -> Bool {
        let range = pathRange.prefix(start.utf8CodeUnitCount)
        return headers.head.withUnsafeReadableBytes { $0[part: range].matches(start) }
    }

    private func text(_ range: Range<Int>) -> String {
        headers.head.withUnsafeReadableBytes { String(decoding: $0[part: range], as: UTF8.self) }
    }
}
