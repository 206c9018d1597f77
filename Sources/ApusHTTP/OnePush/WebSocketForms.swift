import ApusCore
import NIOCore

/// A message as a ONE-PUSH device gets it: one JSON object in one text frame.
enum WebSocketForms {
    static let general = FormKey("onepush")
    static let ios = FormKey("onepush.ios")

    static func frame(_ message: Message, for platform: Platform) -> ByteBuffer {
        var json = ByteBuffer()
        json.reserveCapacity(256 + message.content.alert.utf8.count + (message.content.extra?.utf8.count ?? 0))
        let content = message.content
        json.writeJSONObject { object in
            object.member("id", string: message.id.description)
            object.member("appId", string: message.appID)
            object.member("tenantCode", string: message.tenant.isEmpty ? nil : message.tenant)
            object.member("alert", string: content.alert)
            object.member("extra", raw: content.extra)
            object.member("pushMsgType", string: content.kind == .command ? "CMD" : "MSG")
            object.member("listenFlag", string: content.listenFlag)
            object.member("needConfirm", bool: message.needsConfirmation)
            if platform == .ios {
                object.member("sound", string: content.sound)
                object.member("badge", int: content.badge)
            }
        }
        var frame = ByteBuffer()
        frame.reserveCapacity(json.readableBytes + 4)
        WebSocketFrameEncoder.writeText(json, into: &frame)
        return frame
    }
}
