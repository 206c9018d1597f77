import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// One request and what has come of it so far.
// SAFETY: touched by callbacks of one task only, which come one after the other on its event loop, and after the last
// of them by its completion.
final class OutgoingExchange: HTTPClientResponseDelegate, @unchecked Sendable {
    /// The rest of the answer is of no interest.
    private struct BodyLimitReached: Error {}

    private let bodyLimit: Int
    private var wasSent = false
    private var head: HTTPResponseHead?
    private var body = ByteBuffer()

    init(bodyLimit: Int) {
        self.bodyLimit = bodyLimit
    }

    func didSendRequestHead(task: HTTPClient.Task<Void>, _ head: HTTPRequestHead) {
        wasSent = true
    }

    func didReceiveHead(task: HTTPClient.Task<Void>, _ head: HTTPResponseHead) -> EventLoopFuture<Void> {
        self.head = head
        return task.eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveBodyPart(task: HTTPClient.Task<Void>, _ part: ByteBuffer) -> EventLoopFuture<Void> {
        let room = bodyLimit - body.readableBytes
        guard part.readableBytes > room else {
            body.writeImmutableBuffer(part)
            return task.eventLoop.makeSucceededVoidFuture()
        }
        body.writeBytes(part.readableBytesView.prefix(room))
        return task.eventLoop.makeFailedFuture(BodyLimitReached())
    }

    func didFinishRequest(task: HTTPClient.Task<Void>) {}

    /// A status is an answer, even if its body broke off.
    func result(_ error: (any Error)?) -> Result<OutgoingResponse, OutgoingFailure> {
        if let head {
            return .success(OutgoingResponse(status: Int(head.status.code), headers: head.headers, body: body))
        }
        if let forbidden = error as? ForbiddenAddress { return .failure(.forbidden(forbidden.reason)) }
        let reason = OutgoingFailure.reason(error)
        return .failure(wasSent ? .unanswered(reason) : .notSent(reason))
    }
}
