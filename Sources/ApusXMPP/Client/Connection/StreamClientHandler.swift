import NIOCore
import NIOSSL

/// What a connection of ours tells whoever opened it, on its event loop.
protocol StreamClientDelegate: AnyObject {
    func becameReady(_ address: JID, resumed: Bool)
    func received(_ stanza: XMLElement)
    /// Whether stanzas can be sent may have changed.
    func changed(canSend: Bool)
    /// The connection is gone. Nothing follows.
    func ended(_ ending: StreamEnding, _ stream: ResumableStream?)
}

/// A connection that we opened: feeds its session, and does what that decides.
// SAFETY: a channel handler; touched on its channel's event loop only.
final class StreamClientHandler<Session: StreamClientSession>: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let encryption: StreamEncryption?
    private let times: StreamTimes
    /// Nil once there is nothing more to tell.
    private var delegate: (any StreamClientDelegate)?
    private var context: ChannelHandlerContext?
    private var reader: StreamReader
    private var session: Session
    private var watch: SilenceWatch
    private var timer: Scheduled<Void>?
    private var isReady = false
    private var isClosing = false

    /// - Parameter encryption: nil if the session never asks for it.
    init(
        _ session: Session, encryption: StreamEncryption?, times: StreamTimes, parsers: ParserPool,
        now: NIODeadline, delegate: any StreamClientDelegate
    ) {
        self.session = session
        self.encryption = encryption
        self.times = times
        self.delegate = delegate
        reader = StreamReader(pool: parsers)
        watch = SilenceWatch(times, opened: now)
    }

    // MARK: The channel

    /// It is added once the connection is there.
    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        session.start(isLoopback: context.remoteAddress?.isLoopback ?? false)
        runActions()
        context.flush()
        look()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        disconnected()
    }

    func channelInactive(context: ChannelHandlerContext) {
        disconnected()
        context.fireChannelInactive()
    }

    private func disconnected(_ ending: StreamEnding = .lost("The connection was lost.")) {
        guard let delegate else { return }
        let stream = abandon()
        delegate.changed(canSend: false)
        delegate.ended(ending, stream)
    }

    /// Cuts the connection and tells nothing more.
    /// - Returns: what the next one can go on with.
    @discardableResult func abandon() -> ResumableStream? {
        let context = context
        self.context = nil
        delegate = nil
        isClosing = true
        timer?.cancel()
        reader.close()
        context?.close(promise: nil)
        return session.disconnected()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        disconnected(encryption?.ending(for: error) ?? .lost("The connection was lost: \(error)"))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        watch.heard(at: context.eventLoop.now)
        reader.receive(unwrapInboundIn(data))
        do throws(StreamError) {
            while !isClosing, let event = try reader.next() {
                session.receive(event)
                runActions()
            }
        } catch {
            session.fail(error)
            runActions()
        }
        // Not left to the end of the reading, of which we are not told if TLS has just begun.
        context.flush()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        tellWhetherItCanSend()
        context.fireChannelWritabilityChanged()
    }

    private func tellWhetherItCanSend() {
        delegate?.changed(canSend: isReady && !isClosing && context?.channel.isWritable ?? false)
    }

    // MARK: What is to be done

    /// Sends stanzas. They are lost if the stream is not ready.
    func send(_ stanzas: [XMLElement]) {
        for stanza in stanzas { session.send(stanza) }
        runActions()
        context?.flush()
    }

    /// Ends the stream in order.
    func close() {
        session.close()
        runActions()
    }

    private func runActions() {
        for action in session.takeActions() where !isClosing { run(action) }
    }

    private func run(_ action: StreamClientAction) {
        switch action {
        case .write(let bytes): context?.write(wrapOutboundOut(bytes), promise: nil)
        case .startTLS: startTLS()
        case .restartStream: reader.restart(discardsInput: false)
        case .becomeReady(let address, let resumed):
            isReady = true
            reader.limits = .authenticated
            watch.becameReady()
            look()
            tellWhetherItCanSend()
            delegate?.becameReady(address, resumed: resumed)
        case .deliver(let stanza): delegate?.received(stanza)
        case .end(let ending): finish(ending)
        }
    }

    private func startTLS() {
        guard let context, let encryption else { return disconnected(.refused("There is no TLS here.")) }
        context.flush()
        // What came before the encryption must not be taken for part of it.
        reader.restart(discardsInput: true)
        do {
            try context.pipeline.syncOperations.addHandler(encryption.handler(), position: .first)
        } catch {
            disconnected(.refused("TLS cannot be set up: \(error)"))
        }
    }

    /// Ends the connection after what was written.
    private func finish(_ ending: StreamEnding?) {
        guard let context else { return }
        context.flush()
        if let ending { return disconnected(ending) }
        // We end it in order: the server has a moment to close its side.
        isClosing = true
        tellWhetherItCanSend()
        timer?.cancel()
        let channel = context.channel
        timer = context.eventLoop.scheduleTask(in: times.close) { channel.close(promise: nil) }
    }

    // MARK: Time

    private func look() {
        guard let context, !isClosing else { return }
        timer?.cancel()
        switch watch.step(at: context.eventLoop.now) {
        case .wait(let time): timer = context.eventLoop.scheduleTask(deadline: time) { self.look() }
        case .ping:
            session.ping()
            runActions()
            context.flush()
            look()
        case .giveUp(let reason): disconnected(.lost(reason))
        }
    }
}
