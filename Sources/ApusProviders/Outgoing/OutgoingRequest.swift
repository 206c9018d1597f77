package import NIOCore
package import NIOHTTP1

/// A request to a service outside.
package struct OutgoingRequest: Sendable {
    package var method = HTTPMethod.POST
    package var address: WebAddress
    package var headers = HTTPHeaders()
    package var body = ByteBuffer()
    /// Whether the operator chose the address, so that it may be one of the own network.
    package var isTrusted = false
    /// From the call to the last byte of the answer, connecting included.
    package var timeLimit = TimeAmount.seconds(20)
    /// How many bytes of the answer's body are read; what comes after them is thrown away.
    package var bodyLimit = 1024

    package init(to address: WebAddress) {
        self.address = address
    }
}

package struct OutgoingResponse: Sendable {
    package let status: Int
    package let headers: HTTPHeaders
    package let body: ByteBuffer
}
