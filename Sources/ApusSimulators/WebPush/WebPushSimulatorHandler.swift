import ApusCore
import NIOCore
import NIOHTTP1

/// The push service and its control interface, over HTTP/1.1.
///
/// | request | does |
/// | --- | --- |
/// | `POST /push/ID` | what a push service does |
/// | `POST /control/subscriptions` | subscribes a device, with `{"key":…}` for that VAPID key only |
/// | `GET /control/subscriptions/ID` | what came, decrypted |
/// | `PUT /control/subscriptions/ID/answer` | from now on answers as `WebPushSimulatorAnswer` says |
/// | `DELETE /control/subscriptions/ID/answer` | is honest again |
/// | `DELETE /control/subscriptions/ID` | unsubscribes: 410 from now on |
// SAFETY: a channel handler; touched on its channel's event loop only.
final class WebPushSimulatorHandler: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private static let bodyLimit = 64 * 1024

    private let state: WebPushSimulatorState
    private let origin: String
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()

    init(_ state: WebPushSimulatorState, origin: String) {
        self.state = state
        self.origin = origin
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body.clear()
        case .body(let bytes):
            guard body.readableBytes + bytes.readableBytes <= Self.bodyLimit else {
                return context.close(promise: nil)
            }
            body.writeImmutableBuffer(bytes)
        case .end:
            guard let head, let answer = answer(to: head) else { return }
            write(answer, isLast: !head.isKeepAlive, context)
        }
    }

    private func answer(to head: HTTPRequestHead) -> WebPushSimulatorState.Answer? {
        let path = head.uri.split(separator: "/").map(String.init)
        switch (head.method, path.first, path.count) {
        case (.POST, "push", 2):
            return state.push(to: path[1], head.headers, body, origin: origin)
        case (.POST, "control", 2) where path[1] == "subscriptions":
            return subscribe()
        case (_, "control", 3...4) where path[1] == "subscriptions":
            return control(head.method, path[2], path.count == 4 ? path[3] : nil)
        default:
            return WebPushSimulatorState.failure(404, "There are /push/ID and /control/subscriptions.")
        }
    }

    private func subscribe() -> WebPushSimulatorState.Answer {
        guard let members = body.readableBytes == 0 ? JSONMembers() : try? JSONMembers(body) else {
            return WebPushSimulatorState.failure(400, "The body must be a JSON object, or nothing.")
        }
        let id = state.subscribe(requiredKey: members["key"])
        return json(.created) { object in
            object.member("id", string: id)
            object.member("subscription", raw: state.json(of: id, origin: origin))
        }
    }

    private func control(_ method: HTTPMethod, _ id: String, _ what: String?) -> WebPushSimulatorState.Answer {
        var isKnown = false
        switch (method, what) {
        case (.GET, nil):
            if let messages = state.messages(for: id) {
                return json(.ok) { $0.member("messages", objects: messages) { $0.write(into: &$1) } }
            }
        case (.DELETE, nil): isKnown = state.unsubscribe(id)
        case (.DELETE, "answer"): isKnown = state.setAnswer(nil, for: id)
        case (.PUT, "answer"):
            do {
                isKnown = state.setAnswer(try WebPushSimulatorAnswer(body), for: id)
            } catch let error as WebPushSimulatorError {
                return WebPushSimulatorState.failure(400, error.message)
            } catch {
                return WebPushSimulatorState.failure(400, "The body must be a JSON object: \(error).")
            }
        default: return WebPushSimulatorState.failure(405, "That cannot be done with a subscription.")
        }
        guard isKnown else { return WebPushSimulatorState.failure(404, "There is no such subscription.") }
        return WebPushSimulatorState.Answer(status: .noContent)
    }

    private func json(
        _ status: HTTPResponseStatus, _ members: (inout JSONObjectWriter) -> Void
    ) -> WebPushSimulatorState.Answer {
        var answer = WebPushSimulatorState.Answer(status: status, headers: ["content-type": "application/json"])
        answer.body.writeJSONObject(members)
        return answer
    }

    private func write(_ answer: WebPushSimulatorState.Answer, isLast: Bool, _ context: ChannelHandlerContext) {
        var headers = answer.headers
        if answer.status != .noContent { headers.add(name: "content-length", value: "\(answer.body.readableBytes)") }
        headers.add(name: "connection", value: isLast ? "close" : "keep-alive")
        let head = HTTPResponseHead(version: .http1_1, status: answer.status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(answer.body))), promise: nil)
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            if isLast { channel.close(promise: nil) }
        }
    }
}
