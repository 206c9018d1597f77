import ApusCore
import HTTPTypes
import Hummingbird
import NIOCore

extension Response {
    /// An object with the members that `body` writes.
    static func json(status: HTTPResponse.Status = .ok, _ body: (inout JSONObjectWriter) -> Void) -> Response {
        var buffer = ByteBuffer()
        buffer.writeJSONObject(body)
        return Response(
            status: status, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: buffer))
    }

    static func text(_ text: String, type: String = "text/plain; charset=utf-8", status: HTTPResponse.Status = .ok)
        -> Response
    {
        Response(
            status: status, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}

extension JSONObjectWriter {
    mutating func member(_ name: StaticString, time: Timestamp?) {
        member(name, string: time?.rfc3339)
    }
}
