/// What kind of device it is. The raw value is what the store keeps.
package enum Platform: Int64, Sendable, CaseIterable {
    case android = 1
    case ios = 2
    case pc = 3
    case web = 4

    /// The name in the ONE-PUSH API (seed 003).
    package var name: String {
        switch self {
        case .android: "ANDROID"
        case .ios: "IOS"
        case .pc: "PC"
        case .web: "WEB"
        }
    }

    package init?(name: String) {
        switch name {
        case "ANDROID": self = .android
        case "IOS": self = .ios
        case "PC": self = .pc
        case "WEB": self = .web
        default: return nil
        }
    }
}
