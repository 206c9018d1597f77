import ApusCore
import NIOCore

/// A message as a ONE-PUSH device gets it: one JSON object in one text frame.
enum WebSocketForms {
    static let general = FormKey("onepush")
    static let ios = FormKey("onepush.ios")

    static func frame(_ message: Message, for platform: Platform) -> ByteBuffer {
        var json = ByteBuffer()
        json.writeMessage(message, for: platform)
        var frame = ByteBuffer()
        frame.reserveCapacity(json.readableBytes + 4)
        WebSocketFrameEncoder.writeText(json, into: &frame)
        return frame
    }
}
