import ApusCore
import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOTLS

/// The end of a connection's pipeline, above NIOHTTP2: turns frames into events of `ConnectionState` and back.
///
/// There is no channel for each stream: that would nearly double what a request costs.
// SAFETY: a channel handler; touched on its channel's event loop only, which is that of its pool.
final class ConnectionHandler: ChannelInboundHandler, NIOHTTP2FrameDelegate, @unchecked Sendable {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    let address: SocketAddress
    private(set) var state: ConnectionState<PendingRequest>
    private let pool: LanePool
    private var context: ChannelHandlerContext?
    private var needsFlush = false
    private var pings: UInt64 = 0
    /// When the first provider token that was sent on it was issued.
    private(set) var firstIssueTime: Int64?
    private var wasReady = false
    private var isClosing = false

    init(pool: LanePool, address: SocketAddress) {
        self.pool = pool
        self.address = address
        state = ConnectionState(limits: pool.limits, now: pool.clock.uptime)
    }

    /// NIOHTTP2 would hold back what is written to a channel that takes no more.
    var canSend: Bool { state.capacity > 0 && context?.channel.isWritable == true }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    // MARK: Sending

    /// Only if `canSend`. Nothing leaves before `flush()`.
    func send(_ request: PendingRequest, _ headers: HPACKHeaders, at now: NIODeadline) {
        guard let context else { return }
        let body = request.notification.payload
        firstIssueTime = firstIssueTime ?? request.issueTime
        // In full, even at the end of its stay: what is cut off after it was sent counts as sent.
        let deadline = now + pool.limits.answerTime
        let stream = state.open(request, bytes: body.readableBytes, deadline: deadline, at: now)
        write(.headers(.init(headers: headers)), on: stream, context)
        write(.data(.init(data: .byteBuffer(body), endStream: true)), on: stream, context)
    }

    func flush() {
        guard needsFlush else { return }
        needsFlush = false
        context?.flush()
    }

    /// NIOHTTP2 wrote a frame to the channel.
    func wroteFrame(_ frame: HTTP2Frame) {
        guard case .data(let data) = frame.payload else { return }
        state.wrote(data.data.readableBytes, on: frame.streamID)
    }

    private func write(_ payload: HTTP2Frame.FramePayload, on stream: HTTP2StreamID, _ context: ChannelHandlerContext) {
        needsFlush = true
        context.write(wrapOutboundOut(HTTP2Frame(streamID: stream, payload: payload)), promise: nil)
    }

    // MARK: Receiving

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        let frame = unwrapInboundIn(data)
        let stream = frame.streamID
        let now = pool.clock.uptime
        state.receivedFrame(at: now)
        switch frame.payload {
        case .headers(let headers):
            let head = ResponseHead(headers.headers)
            settle(state.receiveHead(head, on: stream, isEnd: headers.endStream, at: now), at: now)
        case .data(let data):
            receive(data, on: stream, at: now, context)
        case .rstStream(let code):
            settle(state.receiveReset(stream, code), at: now)
        case .goAway(let last, _, let debugData):
            let refused = state.receiveGoAway(last: last)
            pool.receivedGoAway(self, refused: refused, reason: APNsResponse.reason(inDebugData: debugData), at: now)
        case .settings(.settings(let settings)):
            state.receiveSettings(
                concurrentStreams: settings.last { $0.parameter == .maxConcurrentStreams }?.value)
            if !wasReady { pool.connectionIsReady(self) }
            wasReady = true
        case .windowUpdate(let increment):
            if stream == .rootStream { state.receiveWindowUpdate(increment) }
        case .settings, .ping, .priority, .pushPromise, .alternativeService, .origin:
            break
        }
    }

    private func receive(
        _ data: HTTP2Frame.FramePayload.Data, on stream: HTTP2StreamID, at now: NIODeadline,
        _ context: ChannelHandlerContext
    ) {
        let padding = data.paddingBytes.map { $0 + 1 } ?? 0
        if let increment = state.credit(data.data.readableBytes + padding) {
            write(.windowUpdate(windowSizeIncrement: increment), on: .rootStream, context)
        }
        guard case .byteBuffer(let bytes) = data.data else { return }
        settle(state.receiveBody(bytes, on: stream, isEnd: data.endStream, at: now), at: now)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        pool.fill()
        flush()
        closeIfDrained()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { pool.fill() }
    }

    private func settle(_ ending: ConnectionState<PendingRequest>.Ending?, at now: NIODeadline) {
        guard let ending else { return }
        if ending.mustReset, let context { write(.rstStream(.cancel), on: ending.stream, context) }
        pool.settle(ending, on: self, at: now)
    }

    // MARK: Time

    /// Looks at what time has brought about.
    func tick(at now: NIODeadline) {
        state.watchWindow(at: now)
        for ending in state.expire(at: now) { settle(ending, at: now) }
        switch state.checkLiveness(at: now) {
        case .alive: break
        case .ping:
            pings += 1
            if let context { write(.ping(HTTP2PingData(withInteger: pings), ack: false), on: .rootStream, context) }
        case .dead: close(because: ConnectionError.silent)
        }
        flush()
        closeIfDrained()
    }

    // MARK: Ending

    /// Opens no more streams, and closes when those that are open have ended.
    func retire() {
        state.retire()
        closeIfDrained()
    }

    /// Gives the connection up. What is under way ends here, although TLS may take its time to say goodbye.
    /// - Parameter error: nil if the connection is just not needed any more.
    func close(because error: (any Error)?) {
        guard !isClosing else { return }
        isClosing = true
        context?.close(promise: nil)
        if wasReady {
            pool.connectionClosed(self, state.close(), error)
        } else {
            _ = state.close()
            pool.connectionFailed(self, error)
        }
    }

    private func closeIfDrained() {
        if state.isDrained { close(because: nil) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let event as StreamClosedEvent:
            // NIOHTTP2 gave a stream up; where the peer did, its frame has come before.
            settle(state.abandon(event.streamID), at: pool.clock.uptime)
        case TLSUserEvent.handshakeCompleted(let negotiated) where negotiated != "h2":
            close(because: ConnectionError.noHTTP2)
        default: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? NIOHTTP2Errors.StreamError {
            settle(state.abandon(error.streamID), at: pool.clock.uptime)
        } else {
            close(because: error)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        close(because: ConnectionError.closed)
    }
}
