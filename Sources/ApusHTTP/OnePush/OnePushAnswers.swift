import ApusCore
import NIOCore

enum OnePushAnswers {
    /// `{"requestId": …}`; `ignored` lists members of the request that mean nothing here.
    static func writeAccepted(_ message: MessageID, ignored: [String], into buffer: inout ByteBuffer) {
        buffer.writeStaticString("{\"requestId\":\"")
        buffer.writeDecimal(message.rawValue)
        buffer.writeStaticString("\"")
        if !ignored.isEmpty {
            buffer.writeStaticString(",\"ignored\":")
            buffer.writeJSONArray(ignored) { $1.writeJSONString($0) }
        }
        buffer.writeStaticString("}")
    }
}
