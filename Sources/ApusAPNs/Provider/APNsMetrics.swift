import CoreMetrics
import NIOCore

/// A lane's figures. Names are what `/metrics` shows.
struct APNsMetrics {
    let delivered: Counter
    let failed: Counter
    let tokenDead: Counter
    let retryLater: Counter
    let refused: Counter
    let unknown: Counter
    let notSent: Counter
    let resent: Counter
    let connectionsOpened: Counter
    let connectionFailures: Counter
    let connections: Gauge
    let openStreams: Gauge
    let waiting: Gauge
    /// Bytes that flow control holds back.
    let blockedBytes: Gauge
    let certificateDays: Gauge
    let answerSeconds: Timer

    init(lane: String, factory: any MetricsFactory) {
        let dimensions = [("lane", lane)]
        func counter(_ label: String) -> Counter { Counter(label: label, dimensions: dimensions, factory: factory) }
        func gauge(_ label: String) -> Gauge { Gauge(label: label, dimensions: dimensions, factory: factory) }
        func outcome(_ name: String) -> Counter {
            Counter(
                label: "apus_apns_notifications_total", dimensions: dimensions + [("outcome", name)], factory: factory)
        }
        delivered = outcome("delivered")
        failed = outcome("failed")
        tokenDead = outcome("token_dead")
        retryLater = outcome("retry_later")
        refused = outcome("refused")
        unknown = outcome("unknown")
        notSent = outcome("not_sent")
        resent = counter("apus_apns_resent_total")
        connectionsOpened = counter("apus_apns_connections_opened_total")
        connectionFailures = counter("apus_apns_connection_failures_total")
        connections = gauge("apus_apns_connections")
        openStreams = gauge("apus_apns_open_streams")
        waiting = gauge("apus_apns_waiting")
        blockedBytes = gauge("apus_apns_blocked_bytes")
        certificateDays = gauge("apus_apns_certificate_days")
        answerSeconds = Timer(label: "apus_apns_answer_seconds", dimensions: dimensions, factory: factory)
    }

    func count(_ outcome: APNsOutcome) {
        switch outcome {
        case .delivered: delivered.increment()
        case .failed: failed.increment()
        case .tokenDead: tokenDead.increment()
        case .retryLater: retryLater.increment()
        case .refused: refused.increment()
        case .unknown: unknown.increment()
        case .notSent: notSent.increment()
        }
    }
}
