import ApusCore

extension Message {
    /// Whether devices show something; else it is for the app's own code only.
    var showsNotification: Bool { content.kind == .message && content.push == nil }

    /// What vendors are to collapse it by. The topic of a post to an endpoint is not the app's.
    var collapseKey: String? { content.push == nil ? content.collapseKey : nil }

    /// Seconds, rounded up.
    func secondsLeft(at now: Timestamp, atMost limit: Int64) -> Int64 {
        min(max((expiresAt.milliseconds - now.milliseconds + 999) / 1000, 0), limit)
    }
}
