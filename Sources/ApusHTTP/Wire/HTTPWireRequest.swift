package import NIOCore

/// A request with the whole of its body.
package struct HTTPWireRequest: Sendable {
    package let head: HTTPWireHead
    /// Without framing: chunks are joined.
    package let body: ByteBuffer

    package var method: HTTPWireMethod { head.method }
    package var version: HTTPWireHead.Version { head.version }
    package var keepAlive: Bool { head.keepAlive }
    package var headers: HTTPWireHeaders { head.headers }
    package var target: String { head.target }
    package var path: String { head.path }
    package var query: String? { head.query }
}
