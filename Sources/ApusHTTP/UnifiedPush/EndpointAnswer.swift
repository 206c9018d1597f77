import ApusCore
import NIOCore

/// How an accepted post is answered: 201 with the message's own URL (RFC 8030 §5), 202 with that of its receipt if one
/// is asked for (§5.1), and as seed 002 does where its senders post.
struct EndpointAnswer {
    let status: Int
    let headers: [HTTPWireField]
    let body: ByteBuffer

    init(_ request: EndpointRequest, _ message: MessageID, _ book: EndpointBook) {
        let token = book.token(of: message)
        var headers = [
            HTTPWireField("Location", "\(book.baseURL)/message/\(token)"),
            HTTPWireField("TTL", String(request.timeToLive)),
        ]
        if request.wantsReceipt {
            headers.append(
                HTTPWireField("Link", "<\(book.baseURL)/receipt/\(token)>; rel=\"urn:ietf:params:push:receipt\""))
            headers.append(HTTPWireField("Preference-Applied", "respond-async"))
        }
        var body = ByteBuffer()
        if case .seed = request.target { body.writeJSONString(String(decoding: request.data, as: UTF8.self)) }
        status = request.wantsReceipt || body.readableBytes > 0 ? 202 : 201
        self.headers = headers
        self.body = body
    }
}
