import ApusCore
import CoreMetrics
import NIOCore

/// One HTTP/1.1 connection. The hot routes are answered here, on the event loop; everything else goes to the router.
///
/// One request is under way at a time; what a client sends meanwhile waits unread.
// SAFETY: a channel handler; touched on its channel's event loop only. `accepted` is called there too.
final class HTTPConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler, AcceptanceReceiver,
    @unchecked Sendable
{
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State {
        case reading
        /// A request is being answered.
        case answering(Answering)
        case closing
    }

    private struct Answering {
        let connection: HTTPResponseConnection
        let allowsOrigin: Bool
        /// Members of the request that mean nothing here.
        var ignored: [String] = []
        var batch: BatchAnswer?
    }

    let shard: Int
    private let shared: HTTPServerContext
    private let connections: HTTPConnections
    private var decoder: HTTPRequestDecoder
    private var state = State.reading
    private var context: ChannelHandlerContext?
    private var isProceeding = false
    private var holdsRead = false
    /// The client has said all that it will say; what it said is still answered.
    private var isInputClosed = false
    /// When something last happened.
    private var lastActive: NIODeadline
    /// When the first byte came of a request that is not complete yet.
    private var requestBegan = NIODeadline.distantPast

    init(_ shared: HTTPServerContext, connections: HTTPConnections, shard: Int) {
        self.shared = shared
        self.connections = connections
        self.shard = shard
        lastActive = .now()
        let limits = shared.limits
        decoder = HTTPRequestDecoder { head in
            head.hasPath("/v1/messages:batch") ? limits.batchBody : limits.body
        }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        connections.add(self)
        shared.budget.opened()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        connections.remove(self)
        shared.budget.closed()
        self.context = nil
    }

    var isWaiting: Bool {
        if case .reading = state { true } else { false }
    }

    /// Whether the client keeps us waiting: for its next request, for the rest of one, or to take its answer.
    func isOverdue(at now: NIODeadline, idleTime: TimeAmount) -> Bool {
        switch state {
        case .reading: lastActive + idleTime <= now || (!decoder.isIdle && requestBegan + idleTime <= now)
        case .answering: lastActive + idleTime <= now && context?.channel.isWritable == false
        case .closing: false
        }
    }

    func closeIdle() {
        context?.close(promise: nil)
    }

    // MARK: Reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        lastActive = .now()
        if case .closing = state { return }
        if decoder.isIdle { requestBegan = lastActive }
        decoder.append(&bytes)
        proceed(context)
    }

    /// While a request is under way, further ones stay in the client's and the kernel's buffers.
    /// So do those of a client that does not take its answers.
    func read(context: ChannelHandlerContext) {
        if case .answering = state, !decoder.isIdle {
            holdsRead = true
        } else if !context.channel.isWritable {
            holdsRead = true
        } else {
            context.read()
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        resumeReading(context)
        context.fireChannelWritabilityChanged()
    }

    private func resumeReading(_ context: ChannelHandlerContext) {
        guard holdsRead else { return }
        holdsRead = false
        read(context: context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event {
            isInputClosed = true
            closeWhenDone(context)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    private func closeWhenDone(_ context: ChannelHandlerContext) {
        // What is not answered by now waits for its commit, or can never become a request.
        if case .reading = state { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func proceed(_ context: ChannelHandlerContext) {
        // An answer given at once leads back here: the loop below then goes on, however many requests wait.
        guard !isProceeding else { return }
        isProceeding = true
        takeRequests(context)
        isProceeding = false
        if isInputClosed { closeWhenDone(context) }
    }

    private func takeRequests(_ context: ChannelHandlerContext) {
        do throws(HTTPWireError) {
            while case .reading = state, let event = try decoder.next() {
                switch event {
                case .expectContinue:
                    context.writeAndFlush(wrapOutboundOut(HTTPResponseEncoder.continueResponse), promise: nil)
                case .request(let request):
                    take(request, context)
                }
            }
        } catch {
            shared.metrics.malformed.increment()
            refuse(error, context)
        }
    }

    private func take(_ request: HTTPWireRequest, _ context: ChannelHandlerContext) {
        state = .answering(
            Answering(
                connection: HTTPResponseConnection(answering: request.head),
                allowsOrigin: request.headers.first("origin") != nil))
        if request.method == .post, request.head.hasPath("/msgpush/send") {
            send(request)
        } else if request.method == .get, request.head.hasPath("/msgpush.ws") {
            upgrade(request, context)
        } else if request.method == .post, request.head.hasPath("/v1/messages:batch") {
            sendBatch(request)
        } else {
            shared.metrics.general.increment()
            RouterBridge.answer(request, shared: shared, channel: context.channel, handler: self)
        }
    }

    // MARK: Sending a message

    private func send(_ request: HTTPWireRequest) {
        shared.metrics.sends.increment()
        do throws(ApusError) {
            let body = try SendBody(request.body, limits: shared.limits.send)
            if !body.unknown.isEmpty, case .answering(var answering) = state {
                answering.ignored = body.unknown
                state = .answering(answering)
            }
            let push = try body.request(
                idempotencyKey: try idempotencyKey(request), limits: shared.limits.send
            ) { id, key throws(ApusError) in try shared.apps.authorize(id: id, key: key) }
            try shared.dispatcher.submit(AcceptOperation(push, receiver: self, token: 0))
        } catch {
            shared.metrics.refused.increment()
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

    private func sendBatch(_ request: HTTPWireRequest) {
        guard case .answering(var answering) = state else { return }
        do throws(ApusError) {
            let lines = try BatchBody.lines(request.body, most: shared.limits.send.batch)
            shared.metrics.sends.increment(by: lines.count)
            let batch = BatchAnswer(lines: lines.count)
            let pushes = BatchBody.requests(lines, shared, answers: batch)
            answering.batch = batch
            state = .answering(answering)
            for (line, push) in pushes {
                do throws(ApusError) {
                    try shared.dispatcher.submit(AcceptOperation(push, receiver: self, token: line))
                } catch {
                    settle(line: line, .failure(error))
                }
            }
            if pushes.isEmpty { finishBatch() }
        } catch {
            answer(error)
        }
    }

    func accepted(_ result: Result<Acceptance, ApusError>, token: Int) {
        guard case .answering(let answering) = state else { return }
        guard answering.batch == nil else { return settle(line: token, result) }
        switch result {
        case .success(let acceptance):
            var body = ByteBuffer()
            OnePushAnswers.writeAccepted(acceptance.message, ignored: answering.ignored, into: &body)
            answer(status: 200, contentType: "application/json", body: body)
        case .failure(let error):
            shared.metrics.refused.increment()
            answer(error)
        }
    }

    private func settle(line: Int, _ result: Result<Acceptance, ApusError>) {
        guard case .answering(let answering) = state, let batch = answering.batch else { return }
        batch.settle(line, result)
        if batch.isComplete { finishBatch() }
    }

    private func finishBatch() {
        guard case .answering(let answering) = state, let batch = answering.batch else { return }
        answer(status: 200, contentType: "application/x-ndjson", body: batch.body)
    }

    // MARK: Answering

    private func answer(_ error: ApusError) {
        answer(status: error.status, contentType: "application/json", headers: error.headers, body: error.body)
    }

    private func answer(status: Int, contentType: String, headers: [HTTPWireField] = [], body: ByteBuffer) {
        guard case .answering(let answering) = state, let context else { return }
        var headers = headers
        if answering.allowsOrigin { headers.append(HTTPWireField("Access-Control-Allow-Origin", "*")) }
        var bytes = context.channel.allocator.buffer(capacity: body.readableBytes + 192)
        HTTPResponseEncoder.writeResponse(
            status: status, contentType: contentType, headers: headers, connection: answering.connection, body: body,
            into: &bytes)
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        didAnswer()
    }

    /// The answer has been written: the next request's turn.
    func didAnswer(closing: Bool = false) {
        guard case .answering(let answering) = state, let context else { return }
        lastActive = .now()
        if answering.connection == .close || closing || connections.isDraining {
            state = .closing
            context.close(mode: .output, promise: nil)
            connections.closeSoon(self)
            return
        }
        state = .reading
        proceed(context)
        if self.context != nil { resumeReading(context) }
    }

    private func refuse(_ error: HTTPWireError, _ context: ChannelHandlerContext) {
        let body = ApusError(error).body(status: error.status)
        var bytes = ByteBuffer()
        HTTPResponseEncoder.writeResponse(
            status: error.status, contentType: "application/json",
            headers: error.headers + [HTTPWireField("Access-Control-Allow-Origin", "*")], connection: .close,
            body: body, into: &bytes)
        state = .closing
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        // Half-closed first: a client that is still sending would otherwise lose the answer to a reset.
        context.close(mode: .output, promise: nil)
        connections.closeSoon(self)
    }

    // MARK: WebSocket

    private func upgrade(_ request: HTTPWireRequest, _ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        do throws(HTTPWireError) {
            let upgrade = try WebSocketUpgrade(request)
            var bytes = ByteBuffer()
            upgrade.writeResponse(into: &bytes)
            state = .closing
            let handler = WebSocketHandler(
                shared, shard: shared.dispatcher.shards[shard],
                deviceID: QueryString.value("deviceId", in: request.query))
            let unread = decoder.takeUnread()
            context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
            try? context.pipeline.syncOperations.addHandler(handler, position: .after(self))
            if holdsRead {
                holdsRead = false
                context.read()
            }
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
            if unread.readableBytes > 0 { handler.takeUnread(unread) }
        } catch {
            refuse(error, context)
        }
    }
}
