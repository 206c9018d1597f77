package import CoreMetrics

/// The binary gateway's counters. Names are what `/metrics` shows.
package struct LegacyGatewayMetrics: Sendable {
    package let connections: Counter
    package let strangers: Counter
    package let accepted: Counter
    package let rejected: Counter
    /// Payloads that were not JSON and were mended.
    package let repaired: Counter
    package let feedback: Counter

    package init(factory: any MetricsFactory) {
        connections = Counter(label: "apus_legacy_apns_connections_total", factory: factory)
        strangers = Counter(label: "apus_legacy_apns_strangers_total", factory: factory)
        accepted = Counter(label: "apus_legacy_apns_accepted_total", factory: factory)
        rejected = Counter(label: "apus_legacy_apns_rejected_total", factory: factory)
        repaired = Counter(label: "apus_legacy_apns_repaired_total", factory: factory)
        feedback = Counter(label: "apus_legacy_apns_feedback_total", factory: factory)
    }
}
