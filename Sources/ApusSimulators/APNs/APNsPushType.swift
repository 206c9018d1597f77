/// What a notification is for, and what that asks of its topic, priority and size (Apple, "Sending notification
/// requests to APNs").
enum APNsPushType: String, CaseIterable, Sendable {
    case alert
    case background
    case location
    case voip
    case complication
    case fileprovider
    case mdm
    case liveactivity
    case pushtotalk
    case widgets
    case controls

    /// What comes behind the app's bundle id in the topic.
    var topicSuffix: String {
        switch self {
        case .alert, .background, .mdm: ""
        case .location: ".location-query"
        case .voip: ".voip"
        case .complication: ".complication"
        case .fileprovider: ".pushkit.fileprovider"
        case .liveactivity: ".push-type.liveactivity"
        case .pushtotalk: ".voip-ptt"
        case .widgets: ".push-type.widgets"
        case .controls: ".push-type.controls"
        }
    }

    /// In bytes.
    var payloadLimit: Int { self == .voip ? 5120 : 4096 }

    /// Whether only a sender with a provider token may use it.
    var needsProviderToken: Bool { self == .location || self == .liveactivity }

    func permits(priority: Int) -> Bool {
        switch self {
        case .background: priority == 5
        case .location, .liveactivity: priority == 5 || priority == 10
        case .pushtotalk: priority == 10
        default: true
        }
    }

    /// The type of a request that does not name one, as before watchOS 6: what its topic ends in.
    init(impliedBy topic: String?) {
        self = Self.allCases.first { $0.topicSuffix != "" && topic?.hasSuffix($0.topicSuffix) == true } ?? .alert
    }
}
