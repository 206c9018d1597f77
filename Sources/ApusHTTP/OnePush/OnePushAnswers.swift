import ApusCore
import NIOCore

enum OnePushAnswers {
    /// `{"requestId": …}`, or another name for it; `ignored` lists members of the request that mean nothing here.
    static func writeAccepted(
        _ message: MessageID, as name: StaticString = "requestId", ignored: [String], into buffer: inout ByteBuffer
    ) {
        buffer.writeStaticString("{\"")
        buffer.writeStaticString(name)
        buffer.writeStaticString("\":\"")
        buffer.writeDecimal(message.rawValue)
        buffer.writeStaticString("\"")
        if !ignored.isEmpty {
            buffer.writeStaticString(",\"ignored\":")
            buffer.writeJSONArray(ignored) { $1.writeJSONString($0) }
        }
        buffer.writeStaticString("}")
    }
}
