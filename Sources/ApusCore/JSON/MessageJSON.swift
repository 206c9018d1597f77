package import NIOCore

extension ByteBuffer {
    /// Writes a message as devices get it: one JSON object, with the member names of ONE-PUSH (seed 003).
    /// - Parameter platform: whose members to write; sound and badge are for iOS.
    package mutating func writeMessage(_ message: Message, for platform: Platform) {
        if let push = message.content.push { return write(push, message) }
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
            object.member("recall", string: content.recalls?.description)
            object.member("pushMsgType", string: content.kind == .command ? "CMD" : "MSG")
            object.member("listenFlag", string: content.listenFlag)
            object.member("needConfirm", bool: message.needsConfirmation)
            if platform == .ios {
                object.member("sound", string: content.sound)
                object.member("badge", int: content.badge)
            }
        }
    }

    /// What was posted to an endpoint: its bytes in base 64, and the name that the device registered.
    private mutating func write(_ push: EndpointPush, _ message: Message) {
        reserveCapacity(256 + push.data.count * 4 / 3)
        writeJSONObject { object in
            object.member("id", string: message.id.description)
            object.member("appId", string: message.appID)
            object.member("endpoint", string: push.registration)
            object.member("data", string: Base64.encode(push.data))
            object.member("urgency", string: (message.content.urgency ?? .normal).name)
            object.member("needConfirm", bool: message.needsConfirmation)
        }
    }
}
