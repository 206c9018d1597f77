import ApusCore
import CoreMetrics
import NIOCore

/// The hot requests, which wait for their commit and are answered without leaving the event loop.
extension HTTPConnectionHandler: AcceptanceReceiver {
    /// - Parameter isNative: whether the answer has the form of `/v1` and not that of ONE-PUSH.
    func send(_ request: HTTPWireRequest, isNative: Bool = false) {
        shared.metrics.sends.increment()
        do throws(ApusError) {
            let body = try SendBody(request.body, limits: shared.limits.send)
            if isNative || !body.unknown.isEmpty { isAnswering(.send(isNative: isNative, ignored: body.unknown)) }
            let key = request.headers.first("x-app-key")
            if isNative, key == nil, body.appKey == nil { throw ApusError.keyRequired }
            var push = try body.request(
                idempotencyKey: try idempotencyKey(request), appKey: key,
                limits: shared.limits.send, at: shared.dispatcher.clock.now
            ) { id, key throws(ApusError) in
                let app = try shared.doorkeeper.app(id, key: key, from: client(of: request))
                try shared.doorkeeper.apps.take(1, from: app)
                return app
            }
            push.origin = Origin(.app(push.appID), from: client(of: request))
            try shared.dispatcher.submit(AcceptOperation(push, receiver: self, token: 0))
        } catch {
            shared.metrics.refused.increment(error.code)
            answer(error)
        }
    }

    private func idempotencyKey(_ request: HTTPWireRequest) throws(ApusError) -> String? {
        guard let key = request.headers.first("idempotency-key") else { return nil }
        guard !key.isEmpty, key.utf8.count <= 255 else {
            throw ApusError(.invalid, code: "invalid_idempotency_key", "The Idempotency-Key must have 1 to 255 bytes.")
        }
        return key
    }

    func sendBatch(_ request: HTTPWireRequest) {
        do throws(ApusError) {
            let lines = try BatchBody.lines(request.body, most: shared.limits.send.batch)
            shared.metrics.sends.increment(by: lines.count)
            let batch = BatchAnswer(lines: lines.count)
            let pushes = BatchBody.requests(lines, shared, answers: batch, from: client(of: request))
            isAnswering(.batch(batch))
            for (line, push) in pushes {
                do throws(ApusError) {
                    try shared.dispatcher.submit(AcceptOperation(push, receiver: self, token: line))
                } catch {
                    settle(batch, line: line, .failure(error))
                }
            }
            if pushes.isEmpty { finish(batch) }
        } catch {
            answer(error)
        }
    }

    private func settle(_ batch: BatchAnswer, line: Int, _ result: Result<Acceptance, ApusError>) {
        batch.settle(line, result)
        if batch.isComplete { finish(batch) }
    }

    private func finish(_ batch: BatchAnswer) {
        answer(status: 200, contentType: "application/x-ndjson", body: batch.body)
    }

    // MARK: Posting to an endpoint

    func post(_ request: HTTPWireRequest, to target: EndpointTarget) {
        shared.metrics.posts.increment()
        do throws(ApusError) {
            let endpoint = try target.endpoint(shared.endpoints)
            try shared.endpointLimiter.take(endpoint, now: .now())
            let post = try EndpointRequest(request, target, shared.limits.endpoints)
            isAnswering(.post(post))
            let signer = try connections.signer(of: request, shared)
            let operation = AcceptOperation(post.post(to: endpoint, signer: signer), receiver: self, token: 0)
            try shared.dispatcher.submit(operation)
        } catch {
            shared.metrics.refused.increment(error.code)
            answer(error)
        }
    }

    // MARK: Events

    /// From now on the stream writes the answer.
    func follow(_ stream: EventStream, head: ByteBuffer) {
        guard case .answering = state, isOpen, !connections.isDraining else { return stream.end() }
        isAnswering(.events(stream))
        stream.begin(head)
    }

    // MARK: What became of it

    private func isAnswering(_ content: Content) {
        guard case .answering(var answering) = state else { return }
        answering.content = content
        state = .answering(answering)
    }

    func accepted(_ result: Result<Acceptance, ApusError>, token: Int) {
        guard case .answering(let answering) = state else { return }
        switch (answering.content, result) {
        case (.batch(let batch), _):
            settle(batch, line: token, result)
        case (.send(let isNative, let ignored), .success(let acceptance)):
            var body = ByteBuffer()
            OnePushAnswers.writeAccepted(
                acceptance.message, as: isNative ? "id" : "requestId", ignored: ignored, into: &body)
            answer(status: 200, contentType: "application/json", body: body)
            noteAccepted(since: answering.began)
        case (.post(let request), .success(let acceptance)):
            let content = EndpointAnswer(request, acceptance.message, shared.endpoints)
            answer(
                status: content.status, contentType: content.body.readableBytes > 0 ? "application/json" : nil,
                headers: content.headers, body: content.body)
            noteAccepted(since: answering.began)
        case (.events, .success): break
        case (_, .failure(let error)):
            shared.metrics.refused.increment(error.code)
            answer(error)
        }
    }

    private func noteAccepted(since began: NIODeadline) {
        shared.metrics.acceptSeconds.recordNanoseconds((lastActive - began).nanoseconds)
    }
}
