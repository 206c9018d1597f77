import ApusCore

/// What the user hears.
package enum APNsSound: Sendable, Equatable {
    case standard
    /// A file in the app.
    case named(String)
    /// Sounds although the device is muted. The app needs Apple's entitlement for critical alerts.
    /// - Parameter volume: 0 is silent, 1 is full.
    case critical(name: String = "default", volume: Double = 1)

    func write(to aps: inout JSONObjectWriter) {
        switch self {
        case .standard: aps.member("sound", string: "default")
        case .named(let name): aps.member("sound", string: name)
        case .critical(let name, let volume):
            aps.member("sound") { sound in
                sound.member("critical", int: 1)
                sound.member("name", string: name)
                sound.member("volume", raw: "\(volume)")
            }
        }
    }
}

/// How much a notification may disturb.
package enum APNsInterruptionLevel: String, Sendable {
    case passive
    case active
    case timeSensitive = "time-sensitive"
    case critical
}
