package import CoreMetrics

/// What is counted of XMPP, by the name of its label in `/metrics`.
enum XMPPFeature: String, CaseIterable {
    case legacyLogin = "legacy_login"
    case plain = "sasl_plain"
    case scram = "sasl_scram"
    case loginFailed = "login_failed"
    case registration
    case resultReceipt = "result_receipt"
    case confirmReceipt = "confirm_receipt"
    case receipt
    case marker
    case errorAnswer = "error_answer"
    case managedStream = "managed_stream"
    case resumedStream = "resumed_stream"
    case clientState = "client_state"
    case accountMessage = "account_message"
}

/// The XMPP server's counters. Names are what `/metrics` shows.
package struct XMPPMetrics: Sendable {
    let connections: Counter
    private let features: [Counter]
    private let streamErrors: [StreamError.Condition: Counter]

    package init(factory: any MetricsFactory) {
        connections = Counter(label: "apus_xmpp_connections_total", factory: factory)
        features = XMPPFeature.allCases.map {
            Counter(label: "apus_xmpp_events_total", dimensions: [("event", $0.rawValue)], factory: factory)
        }
        var errors: [StreamError.Condition: Counter] = [:]
        for condition in StreamError.Condition.allCases {
            errors[condition] = Counter(
                label: "apus_xmpp_stream_errors_total", dimensions: [("condition", condition.rawValue)],
                factory: factory)
        }
        streamErrors = errors
    }

    func count(_ feature: XMPPFeature) {
        guard let index = XMPPFeature.allCases.firstIndex(of: feature) else { return }
        features[index].increment()
    }

    func count(_ error: StreamError) {
        streamErrors[error.condition]?.increment()
    }
}
