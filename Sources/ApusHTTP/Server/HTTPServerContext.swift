package import ApusCore
package import Hummingbird
package import NIOCore
package import NIOSSL

/// What all connections of the HTTP server share.
package final class HTTPServerContext: Sendable {
    package struct Limits: Sendable {
        /// Bytes of a request's body.
        package var body = 64 << 10
        /// Bytes of the body of a batch.
        package var batchBody = 8 << 20
        /// Bytes of a WebSocket message from a device.
        package var frame = 64 << 10
        /// How long a connection may wait for its next request, or take to send one.
        package var idleTime = TimeAmount.seconds(75)
        package var send = SendLimits()
        package var endpoints = EndpointSettings()

        package init() {}
    }

    /// Answers a request of a client that came in on a channel.
    package typealias Responder = @Sendable (Request, any Channel, _ client: IPAddress?) async -> Response

    let dispatcher: Dispatcher
    let doorkeeper: Doorkeeper
    let proxies: TrustedProxies
    let endpoints: EndpointBook
    let endpointLimiter: EndpointLimiter
    private let currentLimits: Reloadable<Limits>
    var limits: Limits { currentLimits.value }
    let metrics: HTTPMetrics
    /// What connections are encrypted with; nil if they are not.
    let tls: Reloadable<NIOSSLContext>?
    /// What connections may be open, and are.
    let budget: ConnectionBudget
    /// Answers whatever is not answered on the connection itself.
    let respond: Responder

    package init(
        dispatcher: Dispatcher, doorkeeper: Doorkeeper, proxies: TrustedProxies, endpoints: EndpointBook,
        limiter: EndpointLimiter, limits: Reloadable<Limits>, budget: ConnectionBudget, metrics: HTTPMetrics,
        tls: Reloadable<NIOSSLContext>?, respond: @escaping Responder
    ) {
        self.dispatcher = dispatcher
        self.doorkeeper = doorkeeper
        self.proxies = proxies
        self.endpoints = endpoints
        endpointLimiter = limiter
        currentLimits = limits
        self.budget = budget
        self.metrics = metrics
        self.tls = tls
        self.respond = respond
    }
}
