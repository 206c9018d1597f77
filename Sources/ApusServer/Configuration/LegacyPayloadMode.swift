import ApusAPNs

/// What is done about payloads of the old binary protocol that are not quite JSON.
package enum LegacyPayloadMode: String, CaseIterable, Sendable {
    case lenient
    case strict

    var mode: LegacyPayload.Mode {
        switch self {
        case .lenient: .lenient
        case .strict: .strict
        }
    }
}
