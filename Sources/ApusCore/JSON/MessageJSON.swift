package import NIOCore

extension ByteBuffer {
    /// Writes a message as devices get it: one JSON object, with the member names of ONE-PUSH (seed 003).
    /// - Parameter platform: whose members to write; sound and badge are for iOS.
    package mutating func writeMessage(_ message: Message, for platform: Platform) {
        let content = message.content
        reserveCapacity(256 + content.alert.utf8.count + (content.extra?.utf8.count ?? 0))
        writeJSONObject { object in
            object.member("id", string: message.id.description)
            object.member("appId", string: message.appID)
            object.member("tenantCode", string: message.tenant.isEmpty ? nil : message.tenant)
            object.member("title", string: content.title)
            object.member("alert", string: content.alert)
            object.member("uri", string: content.uri)
            object.member("extra", raw: content.extra)
            object.member("pushMsgType", string: content.kind == .command ? "CMD" : "MSG")
            object.member("listenFlag", string: content.listenFlag)
            object.member("needConfirm", bool: message.needsConfirmation)
            if platform == .ios {
                object.member("sound", string: content.sound)
                object.member("badge", int: content.badge)
            }
        }
    }
}
