import ApusCore
import NIOCore
import NIOHTTP2
import NIOPosix
import NIOSSL
import NIOTLS

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Speaks to one client. All its streams are handled here, not in channels of their own: that is what makes it fast.
// SAFETY: a channel handler; touched on its channel's event loop only.
final class APNsConnectionHandler: ChannelDuplexHandler, @unchecked Sendable {
    typealias InboundIn = HTTP2Frame
    typealias OutboundIn = Never
    typealias OutboundOut = HTTP2Frame

    /// How long further requests are waited for before GOAWAY is sent.
    private static let holdingTime = TimeAmount.milliseconds(100)
    /// How long a client has to close the connection after GOAWAY.
    private static let lingering = TimeAmount.milliseconds(500)

    let eventLoop: any EventLoop
    private let shared: APNsSimulatorContext
    private var connection: APNsConnection
    private var context: ChannelHandlerContext?
    private var isReading = false
    private var holdsRead = false
    private var isFlushScheduled = false
    private var acceptedLines = ByteBuffer()
    private var streamLimit: StreamLimit
    private var limitTimer: RepeatedTask?
    /// Bytes by which the connection's window will be opened later.
    private var promisedWindow = 0

    init(_ shared: APNsSimulatorContext, eventLoop: any EventLoop, behaviour: APNsBehaviour) {
        self.shared = shared
        self.eventLoop = eventLoop
        streamLimit = StreamLimit(behaviour)
        connection = APNsConnection(
            behaviour,
            authenticator: APNsAuthenticator(verifier: shared.verifier, environment: shared.environment),
            faults: shared.faults)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let behaviour = shared.add(self)
        if context.channel.isActive { apply(behaviour) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        limitTimer?.cancel()
        shared.remove(self)
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        apply(shared.behaviour)
        context.fireChannelActive()
    }

    /// Changes the way the client is treated, now.
    func apply(_ behaviour: APNsBehaviour) {
        guard let context, context.channel.isActive else { return }
        connection.behaviour = behaviour
        streamLimit.follow(behaviour)
        sendStreamLimit()
        limitTimer?.cancel()
        limitTimer = nil
        if behaviour.concurrentStreams.count > 1 {
            let interval = max(behaviour.concurrentStreamsInterval, .milliseconds(1))
            limitTimer = eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
                self.streamLimit.step()
                self.sendStreamLimit()
                self.flushSoon()
            }
        }
        flushSoon()
    }

    // MARK: Reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isReading = true
        let frame = unwrapInboundIn(data)
        switch frame.payload {
        case .headers(let headers):
            run(
                connection.receive(
                    headers.headers, on: frame.streamID, isLast: headers.endStream, at: shared.clock.now))
        case .data(let data):
            guard case .byteBuffer(let bytes) = data.data else { return }
            run(connection.receive(bytes, on: frame.streamID, isLast: data.endStream, at: shared.clock.now))
        case .settings(.ack):
            streamLimit.acknowledge()
            sendStreamLimit()
        default:
            break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        flush(context)
        context.fireChannelReadComplete()
    }

    private func flush(_ context: ChannelHandlerContext) {
        writeAcceptedLines()
        context.flush()
    }

    /// Before the answers go out, so that who has them finds the lines.
    private func writeAcceptedLines() {
        guard acceptedLines.readableBytes > 0 else { return }
        if shared.file?.append(acceptedLines) == false { shared.journal.count { $0.fileFailures += 1 } }
        acceptedLines.clear()
    }

    /// Who does not take our answers is not read from.
    func read(context: ChannelHandlerContext) {
        if context.channel.isWritable { context.read() } else { holdsRead = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if holdsRead, context.channel.isWritable {
            holdsRead = false
            context.read()
        }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let event as NIOHTTP2WindowUpdatedEvent:
            openWindow(event)
        case let event as StreamClosedEvent:
            run(connection.streamClosed(event.streamID))
        case TLSUserEvent.handshakeCompleted(let negotiated):
            guard negotiated == "h2" else { return context.close(promise: nil) }
            let tls = try? context.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self)
            connection.authenticator.peer = shared.peer(presenting: try? tls?.peerCertificate?.toDERBytes())
            sendStreamLimit()
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is any NIOHTTP2Error { shared.journal.count { $0.protocolErrors += 1 } }
        // What is wrong with one stream has been answered on that stream.
        if error is NIOHTTP2Errors.StreamError { return }
        context.close(promise: nil)
    }

    // MARK: Running actions

    private func run(_ actions: [APNsConnection.Action]) {
        for action in actions {
            switch action {
            case .refuse(let stream):
                shared.journal.count { $0.refused += 1 }
                write(stream, .rstStream(.refusedStream))
            case .settle(let outcome):
                settle(outcome)
            case .awaitMore:
                eventLoop.scheduleTask(in: Self.holdingTime) { self.run(self.connection.stopHolding()) }
            case .sendGoAway(let lastStream, let unprocessed):
                sendGoAway(lastStream, unprocessed: unprocessed)
            case .finish:
                eventLoop.scheduleTask(in: Self.lingering) { self.context?.close(promise: nil) }
            }
        }
        sendStreamLimit()
        if !isReading { flushSoon() }
    }

    private func settle(_ outcome: APNsConnection.Outcome) {
        if let notification = outcome.accepted {
            shared.journal.accept(notification)
            if shared.file != nil { notification.writeLine(into: &acceptedLines) }
            if outcome.answer == nil { shared.journal.count { $0.unanswered += 1 } }
        } else if outcome.isDropped {
            shared.journal.count { $0.dropped += 1 }
        } else if let reason = outcome.answer?.reason {
            shared.journal.count { $0.rejected[reason, default: 0] += 1 }
        }
        if let answer = outcome.answer {
            let behaviour = connection.behaviour
            var delay = behaviour.latency + outcome.delay
            if behaviour.latencyJitter > .zero {
                delay = delay + .nanoseconds(.random(in: 0...behaviour.latencyJitter.nanoseconds))
            }
            if delay == .zero {
                self.answer(outcome.stream, answer)
            } else {
                eventLoop.scheduleTask(in: delay) { self.answer(outcome.stream, answer) }
            }
        }
        if outcome.resetsConnection { reset() }
    }

    private func answer(_ stream: HTTP2StreamID, _ answer: APNsAnswer) {
        guard context != nil, connection.awaitsAnswer(stream) else { return }
        let headers = answer.headers(uniqueID: shared.environment == .sandbox ? UniqueID.make() : nil)
        let body = answer.body
        write(stream, .headers(.init(headers: headers, endStream: body == nil)))
        if let body, connection.behaviour.fragmentsErrors {
            writeFragments(of: body, stream)
        } else if let body {
            write(stream, .data(.init(data: .byteBuffer(body), endStream: true)))
        }
        if !isReading { flushSoon() }
    }

    /// Each piece goes out by itself, and the end of the stream comes behind them.
    private func writeFragments(of body: ByteBuffer, _ stream: HTTP2StreamID) {
        var rest = body
        while let piece = rest.readSlice(length: min(7, max(rest.readableBytes, 1))) {
            write(stream, .data(.init(data: .byteBuffer(piece))))
            if let context { flush(context) }
        }
        write(stream, .data(.init(data: .byteBuffer(ByteBuffer()), endStream: true)))
    }

    private func write(_ stream: HTTP2StreamID, _ payload: HTTP2Frame.FramePayload) {
        context?.write(wrapOutboundOut(HTTP2Frame(streamID: stream, payload: payload)), promise: nil)
    }

    /// Flushes once for all that is written in this turn of the event loop.
    private func flushSoon() {
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        eventLoop.execute {
            self.isFlushScheduled = false
            if let context = self.context { self.flush(context) }
        }
    }

    // MARK: Flow control

    private func sendStreamLimit() {
        guard let limit = streamLimit.next(knowsSender: connection.authenticator.knowsSender) else { return }
        write(.rootStream, .settings(.settings([HTTP2Setting(parameter: .maxConcurrentStreams, value: limit)])))
    }

    /// Opens a window again when half of it is used up.
    private func openWindow(_ event: NIOHTTP2WindowUpdatedEvent) {
        guard let size = event.inboundWindowSize else { return }
        let behaviour = connection.behaviour
        if event.streamID != .rootStream {
            guard size <= behaviour.streamWindow / 2 else { return }
            write(event.streamID, .windowUpdate(windowSizeIncrement: behaviour.streamWindow - size))
            return
        }
        let open = size + promisedWindow
        guard open <= behaviour.connectionWindow / 2 else { return }
        let increment = behaviour.connectionWindow - open
        promisedWindow += increment
        if behaviour.windowUpdateDelay == .zero {
            openConnectionWindow(by: increment)
        } else {
            eventLoop.scheduleTask(in: behaviour.windowUpdateDelay) {
                self.openConnectionWindow(by: increment)
                self.flushSoon()
            }
        }
    }

    private func openConnectionWindow(by increment: Int) {
        promisedWindow -= increment
        write(.rootStream, .windowUpdate(windowSizeIncrement: increment))
    }

    // MARK: Ending the connection

    /// Tells the client that none of its requests after those that have come in will be processed.
    func sendGoAway() {
        run(connection.goAway())
    }

    /// Past the HTTP/2 handler, for which all that the client has already sent on later streams would be errors.
    private func sendGoAway(_ lastStream: HTTP2StreamID, unprocessed: Int) {
        shared.journal.count {
            $0.goAways += 1
            $0.unprocessed += unprocessed
        }
        let debugData = connection.behaviour.goAwayReason.flatMap { APNsAnswer(id: "", reason: $0).body }
        writeAcceptedLines()
        let frame = GoAwayFrame(lastStream: lastStream, debugData: debugData)
        let http2 = try? context?.pipeline.syncOperations.context(handlerType: NIOHTTP2Handler.self)
        http2?.writeAndFlush(NIOAny(frame.bytes), promise: nil)
    }

    func close() {
        context?.close(promise: nil)
    }

    /// Closes the connection so that the client gets a TCP reset, without the goodbye of TLS.
    func reset() {
        guard let context else { return }
        shared.journal.count { $0.resets += 1 }
        _ = (context.channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
        let tls = try? context.pipeline.syncOperations.context(handlerType: NIOSSLServerHandler.self)
        (tls ?? context).close(promise: nil)
    }
}
