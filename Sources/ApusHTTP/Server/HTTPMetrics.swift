package import ApusCore
package import CoreMetrics

/// The HTTP server's counters. Names are what `/metrics` shows.
package struct HTTPMetrics: Sendable {
    package let sends: Counter
    package let posts: Counter
    /// By the code of the error.
    package let refused: CounterFamily
    /// From the request until the answer that it is stored.
    package let acceptSeconds: Timer
    package let sockets: Counter
    package let malformed: Counter
    package let failedHandshakes: Counter
    package let general: Counter

    package init(factory: any MetricsFactory) {
        sends = Counter(label: "apus_http_sends_total", factory: factory)
        posts = Counter(label: "apus_endpoint_posts_total", factory: factory)
        refused = CounterFamily(
            label: "apus_http_sends_refused_total", dimensions: ["reason"], factory: factory)
        refused.increment(by: 0, ApusError.overloaded.code)
        acceptSeconds = Timer(label: "apus_http_accept_seconds", factory: factory)
        sockets = Counter(label: "apus_websocket_connections_total", factory: factory)
        malformed = Counter(label: "apus_http_malformed_total", factory: factory)
        failedHandshakes = Counter(label: "apus_http_tls_failures_total", factory: factory)
        general = Counter(label: "apus_http_requests_total", factory: factory)
    }
}
