/// How much a message matters to its user: a device that saves power may take only what is urgent (RFC 8030 §5.3).
package enum Urgency: Int64, Sendable, Comparable, CaseIterable {
    case veryLow = 0
    case low = 1
    case normal = 2
    case high = 3

    /// The name in the `Urgency` header.
    package var name: String {
        switch self {
        case .veryLow: "very-low"
        case .low: "low"
        case .normal: "normal"
        case .high: "high"
        }
    }

    package init?(name: String) {
        guard let urgency = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = urgency
    }

    package static func < (a: Urgency, b: Urgency) -> Bool { a.rawValue < b.rawValue }
}

extension Urgency {
    /// The urgency of a priority: `very-low` to `high`, or 1 to 10, of which 10 is the most urgent.
    package init?(priority: String) {
        if let urgency = Self(name: priority) {
            self = urgency
        } else if let number = Int(priority), let urgency = Self(level: number) {
            self = urgency
        } else {
            return nil
        }
    }

    private init?(level: Int) {
        switch level {
        case 1...2: self = .veryLow
        case 3...4: self = .low
        case 5...7: self = .normal
        case 8...10: self = .high
        default: return nil
        }
    }
}
