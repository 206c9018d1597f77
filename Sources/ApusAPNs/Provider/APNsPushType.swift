package import ApusCore

/// The kind of a notification, `apns-push-type`. Topic, priority and size follow from it.
package enum APNsPushType: String, Sendable, CaseIterable {
    case alert
    case background
    case location
    case voip
    case complication
    case fileProvider = "fileprovider"
    case mdm
    case liveActivity = "liveactivity"
    case pushToTalk = "pushtotalk"
    case widgets
    case controls

    /// What the topic has behind the app's bundle id.
    ///
    /// - Returns: nil if the topic has nothing to do with the bundle id: that of `mdm` is the user id in the subject of
    ///   the MDM certificate.
    package var topicSuffix: String? {
        switch self {
        case .alert, .background: ""
        case .location: ".location-query"
        case .voip: ".voip"
        case .complication: ".complication"
        case .fileProvider: ".pushkit.fileprovider"
        case .mdm: nil
        case .liveActivity: ".push-type.liveactivity"
        case .pushToTalk: ".voip-ptt"
        case .widgets: ".push-type.widgets"
        case .controls: ".push-type.controls"
        }
    }

    /// Bytes that a payload may have.
    package var largestPayload: Int {
        self == .voip ? 5120 : 4096
    }

    /// Nil leaves it to APNs, which takes it for 10.
    package var defaultPriority: APNsPriority? {
        switch self {
        case .alert, .location, .voip, .liveActivity, .pushToTalk: .immediate
        case .background: .considerate
        case .complication, .fileProvider, .mdm, .widgets, .controls: nil
        }
    }

    /// A call that comes late is worse than none.
    package var defaultExpiration: APNsExpiration {
        switch self {
        case .voip, .pushToTalk: .undelayed
        default: .standard
        }
    }
}

/// `apns-priority`.
package enum APNsPriority: Int, Sendable {
    case immediate = 10
    /// At a time that saves power.
    case considerate = 5
    /// Never wakes the device.
    case passive = 1
}

/// For how long APNs keeps a notification for a device that it cannot reach, `apns-expiration`. It keeps only one for
/// each device and app.
package enum APNsExpiration: Sendable, Equatable {
    /// As long as APNs likes, up to 30 days.
    case standard
    /// It is tried once and never kept.
    case undelayed
    case at(Timestamp)
}
