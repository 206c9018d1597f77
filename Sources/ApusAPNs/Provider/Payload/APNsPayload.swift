package import NIOCore
package import ApusCore

/// The content of a notification: Apple's `aps` dictionary, and what the app adds to it.
package struct APNsPayload: Sendable, Equatable {
    /// A member beside `aps`, for the app.
    package struct Custom: Sendable, Equatable {
        package let name: String
        /// Any JSON.
        package let json: String

        package init(_ name: String, json: String) {
            self.name = name
            self.json = json
        }

        package init(_ name: String, string: String) {
            var text = ByteBuffer()
            text.writeJSONString(string)
            self.init(name, json: String(buffer: text))
        }
    }

    package var alert: APNsAlert?
    /// The number on the app's icon; 0 removes it.
    package var badge: Int64?
    package var sound: APNsSound?
    /// Notifications with the same one are shown as a group.
    package var threadID: String?
    /// Names the buttons that the app has for it.
    package var category: String?
    /// Whether the app is woken to fetch what is new.
    package var isContentAvailable = false
    /// Whether the app may change it before it is shown.
    package var isMutable = false
    package var targetContentID: String?
    package var interruptionLevel: APNsInterruptionLevel?
    /// From 0 to 1: which of the app's notifications comes first. Any number for a Live Activity.
    package var relevanceScore: Double?
    package var filterCriteria: String?
    /// What Safari puts into the web site's URL.
    package var urlArguments: [String]?
    /// Whether a widget or control is to load what is new.
    package var isContentChanged = false
    package var liveActivity: APNsLiveActivity?
    package var custom: [Custom] = []

    package init(alert: APNsAlert? = nil) {
        self.alert = alert
    }

    /// Nothing for the user: wakes the app, a few times an hour at most.
    package static var silent: APNsPayload {
        var payload = APNsPayload()
        payload.isContentAvailable = true
        return payload
    }

    /// For `APNsPushType.widgets` and `.controls`.
    package static var contentChanged: APNsPayload {
        var payload = APNsPayload()
        payload.isContentChanged = true
        return payload
    }

    /// The payload as APNs takes it.
    /// - Throws: `ApusError` that names every member that is wrong.
    package func encoded() throws(ApusError) -> ByteBuffer {
        try check()
        var buffer = ByteBuffer()
        buffer.writeStaticString("{\"aps\":")
        buffer.writeJSONObject(writeMembers)
        for member in custom {
            buffer.writeStaticString(",")
            buffer.writeJSONString(member.name)
            buffer.writeStaticString(":")
            buffer.writeString(member.json)
        }
        buffer.writeStaticString("}")
        return buffer
    }

    private func writeMembers(to aps: inout JSONObjectWriter) {
        alert?.write(to: &aps)
        aps.member("badge", int: badge)
        sound?.write(to: &aps)
        aps.member("thread-id", string: threadID)
        aps.member("category", string: category)
        if isContentAvailable { aps.member("content-available", int: 1) }
        if isMutable { aps.member("mutable-content", int: 1) }
        aps.member("target-content-id", string: targetContentID)
        aps.member("interruption-level", string: interruptionLevel?.rawValue)
        aps.member("relevance-score", raw: relevanceScore.map { "\($0)" })
        aps.member("filter-criteria", string: filterCriteria)
        if let urlArguments { aps.member("url-args", strings: urlArguments) }
        if isContentChanged { aps.member("content-changed", bool: true) }
        liveActivity?.write(to: &aps)
    }
}
