/// A job that a vendor took for many devices at once, and does in its own time.
package struct VendorTask: Sendable, Equatable {
    package let message: MessageID
    package let app: AppNumber
    package let route: Route
    /// The devices' platform: vendors keep platforms apart.
    package let platform: Platform
    /// What the vendor calls the job.
    package let id: String
    package var status: VendorTaskStatus

    package init(
        message: MessageID, app: AppNumber, route: Route, platform: Platform, id: String, status: VendorTaskStatus
    ) {
        self.message = message
        self.app = app
        self.route = route
        self.platform = platform
        self.id = id
        self.status = status
    }
}

/// How a vendor's job stands.
package struct VendorTaskStatus: Sendable, Equatable {
    /// Whether the vendor took it, in the vendor's word (`SUCCESS`, `FAIL`).
    package var result: String
    /// How far it is, in the vendor's word.
    package var status: String
    /// The vendor's last answer as it came, up to 4 KB.
    package var response: String
    package var at: Timestamp
    /// Whether it will not change any more, or the vendor tells no more of it.
    package var isFinal: Bool

    package init(result: String, status: String, response: String, at: Timestamp, isFinal: Bool) {
        self.result = result
        self.status = status
        self.response = response
        self.at = at
        self.isFinal = isFinal
    }
}
