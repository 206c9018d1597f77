/// A push as `sys_push_messages` has it (seed 004).
package struct BusinessPush: Sendable, Equatable {
    package var id: Int64
    /// The message that it is; nil if it was imported.
    package var message: MessageID?
    package var title: String
    package var content: String
    package var extra: String?
    package var ios: PlatformPush
    package var android: PlatformPush

    package init(
        id: Int64 = 0, message: MessageID? = nil, title: String, content: String, extra: String?,
        ios: PlatformPush = PlatformPush(), android: PlatformPush = PlatformPush()
    ) {
        self.id = id
        self.message = message
        self.title = title
        self.content = content
        self.extra = extra
        self.ios = ios
        self.android = android
    }
}

/// How a push stands on the devices of one platform: the `ios_` and the `android_` columns.
package struct PlatformPush: Sendable, Equatable {
    /// Tokens with commas between them.
    package var tokens = ""
    /// The vendor's job; nil if there is none, or none yet.
    package var taskID: String?
    package var result: String?
    package var status: String?
    package var response: String?
    package var timestamp: String?

    package init() {}
}
