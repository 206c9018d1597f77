import NIOSSL

/// The oldest version of TLS that is spoken. Devices from before Android 5 know only 1.0.
package enum TLSMinimumVersion: String, CaseIterable, Sendable {
    case v10 = "1.0"
    case v11 = "1.1"
    case v12 = "1.2"
    case v13 = "1.3"

    var version: TLSVersion {
        switch self {
        case .v10: .tlsv1
        case .v11: .tlsv11
        case .v12: .tlsv12
        case .v13: .tlsv13
        }
    }
}
