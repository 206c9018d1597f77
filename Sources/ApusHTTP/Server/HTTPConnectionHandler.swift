import ApusCore
import CoreMetrics
import NIOCore
import NIOSSL

/// One HTTP/1.1 connection. The hot routes are answered here, on the event loop; everything else goes to the router.
///
/// One request is under way at a time; what a client sends meanwhile waits unread.
// SAFETY: a channel handler; touched on its channel's event loop only. `accepted` is called there too.
final class HTTPConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum State {
        case reading
        /// A request is being answered.
        case answering(Answering)
        case closing
    }

    struct Answering {
        let connection: HTTPResponseConnection
        let allowsOrigin: Bool
        /// When the last of the request came.
        let began: NIODeadline
        var content = Content.send(isNative: false, ignored: [])
    }

    /// What is being answered.
    enum Content {
        /// A message; these members of the request mean nothing here.
        case send(isNative: Bool, ignored: [String])
        case batch(BatchAnswer)
        case post(EndpointRequest)
        /// Events, for as long as both sides like.
        case events(EventStream)
    }

    let shard: Int
    let shared: HTTPServerContext
    let connections: HTTPConnections
    private var decoder: HTTPRequestDecoder
    var state = State.reading
    private var context: ChannelHandlerContext?
    /// Who is at the other end of the connection: the client, or a proxy.
    private lazy var peer = context?.channel.remoteAddress.flatMap { IPAddress($0) }
    private var isProceeding = false
    private var holdsRead = false
    /// The client has said all that it will say; what it said is still answered.
    private var isInputClosed = false
    /// When something last happened.
    private(set) var lastActive: NIODeadline
    /// When the first byte came of a request that is not complete yet.
    private var requestBegan = NIODeadline.distantPast

    init(_ shared: HTTPServerContext, connections: HTTPConnections, shard: Int) {
        self.shared = shared
        self.connections = connections
        self.shard = shard
        lastActive = .now()
        decoder = HTTPRequestDecoder { head in
            let isLarge = head.hasPath("/v1/messages:batch") || head.hasPath("/v1/import/business")
            return isLarge ? shared.limits.batchBody : shared.limits.body
        }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        connections.add(self)
        shared.budget.opened(.http)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        connections.remove(self)
        shared.budget.closed(.http)
        self.context = nil
        stream?.end()
    }

    /// Whether there is a client that both hears and speaks.
    var isOpen: Bool { context != nil && !isInputClosed }

    private var stream: EventStream? {
        if case .answering(let answering) = state, case .events(let stream) = answering.content { stream } else { nil }
    }

    /// The server stops. What is being answered is answered to its end, unless it has none.
    func drain() {
        if case .reading = state { closeIdle() }
        stream?.stop()
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
        lastActive = .now()
        resumeReading(context)
        if context.channel.isWritable { stream?.becameWritable() }
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
            stream?.end()
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
        if case NIOSSLError.handshakeFailed = error { shared.metrics.failedHandshakes.increment() }
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

    /// What `take` answers itself, as the document names it.
    static let hotRoutes: Set<String> = [
        "POST /msgpush/send", "GET /msgpush.ws", "POST /v1/messages", "POST /v1/messages:batch", "POST /push/{token}",
        "POST /UP", "POST /aesgcm",
    ]

    private func take(_ request: HTTPWireRequest, _ context: ChannelHandlerContext) {
        state = .answering(
            Answering(
                connection: HTTPResponseConnection(answering: request.head),
                allowsOrigin: request.headers.first("origin") != nil, began: lastActive))
        if request.method == .post, request.head.hasPath("/msgpush/send") {
            send(request)
        } else if request.method == .get, request.head.hasPath("/msgpush.ws") {
            upgrade(request, context)
        } else if request.method == .post, request.head.hasPath("/v1/messages:batch") {
            sendBatch(request)
        } else if request.method == .post, request.head.hasPath("/v1/messages") {
            send(request, isNative: true)
        } else if request.method == .post, let target = EndpointTarget(request) {
            post(request, to: target)
        } else {
            shared.metrics.general.increment()
            RouterBridge.answer(request, from: peer, shared: shared, channel: context.channel, handler: self)
        }
    }

    func client(of request: HTTPWireRequest) -> IPAddress? { shared.proxies.client(request.headers, from: peer) }

    // MARK: Answering

    func answer(_ error: ApusError) {
        answer(status: error.status, contentType: "application/json", headers: error.headers, body: error.body)
    }

    func answer(status: Int, contentType: String?, headers: [HTTPWireField] = [], body: ByteBuffer) {
        guard case .answering(let answering) = state, let context else { return }
        var headers = headers
        if answering.allowsOrigin {
            headers.append(HTTPWireField("Access-Control-Allow-Origin", "*"))
            headers.append(HTTPWireField("Access-Control-Expose-Headers", CrossOriginMiddleware.exposed))
        }
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
