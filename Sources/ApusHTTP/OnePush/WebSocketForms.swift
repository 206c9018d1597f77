import ApusCore
import NIOCore

/// A message as a ONE-PUSH device gets it: one JSON object in one text frame.
enum WebSocketForms {
    private static let general: StaticString = "onepush"
    private static let ios: StaticString = "onepush.ios"

    static func key(of message: Message, for platform: Platform) -> FormKey {
        FormKey(platform == .ios ? ios : general, variant: message.variant)
    }

    static func frame(_ message: Message, for platform: Platform) -> ByteBuffer {
        var json = ByteBuffer()
        json.writeMessage(message, for: platform)
        var frame = ByteBuffer()
        frame.reserveCapacity(json.readableBytes + 4)
        WebSocketFrameEncoder.writeText(json, into: &frame)
        return frame
    }
}
