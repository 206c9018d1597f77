package import ApusCore

/// What a Live Activity is to show.
package struct APNsLiveActivity: Sendable, Equatable {
    package enum Event: String, Sendable {
        case start
        case update
        case end
    }

    package var event: Event
    /// When this became so: the device ignores what is older than what it has. In whole seconds.
    package var timestamp: Timestamp
    /// A JSON object that the app decodes. Not needed for `end`.
    package var contentState: String?
    package var staleDate: Timestamp?
    /// When an activity that ended is taken from the lock screen.
    package var dismissalDate: Timestamp?
    /// The name of the app's `ActivityAttributes` type, for `start`.
    package var attributesType: String?
    /// A JSON object of that type, for `start`.
    package var attributes: String?
    /// Whether the app is to be told the activity's own push token, for `start`.
    package var wantsPushToken = false
    /// The broadcast channel that the activity is to follow, for `start`.
    package var channel: String?

    package init(event: Event, timestamp: Timestamp, contentState: String? = nil) {
        self.event = event
        self.timestamp = timestamp
        self.contentState = contentState
    }

    func write(to aps: inout JSONObjectWriter) {
        aps.member("timestamp", int: timestamp.milliseconds / 1000)
        aps.member("event", string: event.rawValue)
        aps.member("content-state", raw: contentState)
        aps.member("stale-date", int: staleDate.map { $0.milliseconds / 1000 })
        aps.member("dismissal-date", int: dismissalDate.map { $0.milliseconds / 1000 })
        aps.member("attributes-type", string: attributesType)
        aps.member("attributes", raw: attributes)
        if wantsPushToken { aps.member("input-push-token", int: 1) }
        aps.member("input-push-channel", string: channel)
    }
}
