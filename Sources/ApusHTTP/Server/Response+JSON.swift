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

    mutating func member(_ name: StaticString, strings values: [String]) {
        var list = ByteBuffer(string: "[")
        for (index, value) in values.enumerated() {
            if index > 0 { list.writeString(",") }
            list.writeJSONString(value)
        }
        list.writeString("]")
        member(name, raw: String(buffer: list))
    }

    /// A list of objects, each with the members that `body` writes.
    mutating func member<Element>(
        _ name: StaticString, objects elements: some Sequence<Element>,
        _ body: (Element, inout JSONObjectWriter) -> Void
    ) {
        var list = ByteBuffer(string: "[")
        for (index, element) in elements.enumerated() {
            if index > 0 { list.writeString(",") }
            var object = ByteBuffer()
            object.writeJSONObject { body(element, &$0) }
            list.writeBuffer(&object)
        }
        list.writeString("]")
        member(name, raw: String(buffer: list))
    }
}
