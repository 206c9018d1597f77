/// What the bearer of a token may do. Each role may do what those before it may.
package enum Role: String, CaseIterable, Sendable, Comparable {
    /// See apps, devices, messages, schedules and settings.
    case viewer
    /// Send, cancel and schedule besides.
    case sender
    /// Everything.
    case admin

    private var rank: Int {
        switch self {
        case .viewer: 0
        case .sender: 1
        case .admin: 2
        }
    }

    package static func < (a: Role, b: Role) -> Bool { a.rank < b.rank }
}
