import Logging
import NIOCore

/// Keeps one stream open: connects, and again whenever the connection is lost, until it is stopped.
// SAFETY: but for `send`, which the outbox guards, it is touched on its event loop only; other methods hop there.
final class StreamClient<Session: StreamClientSession>: StreamClientDelegate, @unchecked Sendable {
    private enum State {
        case idle
        case dialing
        case connected(StreamClientHandler<Session>, any Channel)
        case waiting(Scheduled<Void>)
        case stopped
    }

    let eventLoop: any EventLoop
    private let dialer: any StreamDialing
    private let home: StreamEndpoint
    private let encryption: StreamEncryption?
    private let times: StreamTimes
    private let makeSession: (ResumableStream?) -> Session
    private let logger: Logger
    /// Told on the event loop.
    private let onEvent: (XMPPClientEvent) -> Void
    private let outbox = StreamOutbox()
    private let parsers = ParserPool(capacity: 1)
    private var state = State.idle
    /// Counts the attempts to connect, as one that is not waited for any more may still succeed.
    private var attempts = 0
    private var schedule = ReconnectSchedule()
    private var generator = SystemRandomNumberGenerator()
    /// What the last connection left.
    private var resumable: ResumableStream?
    private var otherHost: StreamEndpoint?
    private var readySince: NIODeadline?

    init(
        to home: StreamEndpoint, dialer: any StreamDialing, on eventLoop: any EventLoop, encryption: StreamEncryption?,
        times: StreamTimes, logger: Logger, makeSession: @escaping @Sendable (ResumableStream?) -> Session,
        onEvent: @escaping @Sendable (XMPPClientEvent) -> Void
    ) {
        self.home = home
        self.dialer = dialer
        self.eventLoop = eventLoop
        self.encryption = encryption
        self.times = times
        self.logger = logger
        self.makeSession = makeSession
        self.onEvent = onEvent
    }

    // MARK: Asked for by others

    func start() {
        eventLoop.execute {
            guard case .idle = self.state else { return }
            self.dial()
        }
    }

    /// Connects again now, as the network is another one than before.
    func reconnect() {
        eventLoop.execute {
            switch self.state {
            case .idle, .stopped: return
            case .dialing: break
            case .waiting(let attempt): attempt.cancel()
            case .connected(let handler, _):
                self.outbox.setOpen(false)
                self.resumable = handler.abandon()
            }
            self.schedule.reset()
            self.dial()
        }
    }

    /// Closes the stream in order. Nothing is told of any more.
    /// - Returns: done when the connection is closed.
    func stop() -> EventLoopFuture<Void> {
        eventLoop.flatSubmit {
            let state = self.state
            self.state = .stopped
            self.outbox.setOpen(false)
            switch state {
            case .connected(let handler, let channel):
                handler.close()
                return channel.closeFuture
            case .waiting(let attempt): attempt.cancel()
            case .idle, .dialing, .stopped: break
            }
            return self.eventLoop.makeSucceededVoidFuture()
        }
    }

    /// Sends a stanza, from any thread.
    /// - Returns: false if it was refused, as there is no stream or the server does not take what is there for it.
    func send(_ stanza: XMLElement) -> Bool {
        switch outbox.put(stanza) {
        case .refused: return false
        case .taken: return true
        case .takenAsFirst:
            eventLoop.execute { self.sendWaiting() }
            return true
        }
    }

    /// Sends a stanza behind all others. To be called on the event loop.
    /// - Returns: false if it was refused.
    func sendNow(_ stanza: XMLElement) -> Bool {
        guard case .connected(let handler, _) = state, outbox.isOpen else { return false }
        sendWaiting()
        handler.send([stanza])
        return true
    }

    private func sendWaiting() {
        let stanzas = outbox.takeAll()
        guard case .connected(let handler, _) = state, !stanzas.isEmpty else { return }
        handler.send(stanzas)
    }

    // MARK: Connecting

    private func dial() {
        let endpoint = otherHost ?? home
        otherHost = nil
        readySince = nil
        attempts += 1
        let attempt = attempts
        state = .dialing
        dialer.connect(to: endpoint).hop(to: eventLoop).whenComplete { result in
            guard case .dialing = self.state, attempt == self.attempts else {
                if case .success(let channel) = result { channel.close(promise: nil) }
                return
            }
            do {
                try self.open(result.get())
            } catch {
                self.tryAgain(after: .lost("There is no connection to \(endpoint.host): \(error)"))
            }
        }
    }

    private func open(_ channel: any Channel) throws {
        let handler = StreamClientHandler(
            makeSession(resumable), encryption: encryption, times: times, parsers: parsers, now: eventLoop.now,
            delegate: self)
        state = .connected(handler, channel)
        try channel.pipeline.syncOperations.addHandler(handler)
    }

    private func tryAgain(after ending: StreamEnding) {
        let held = readySince.map { eventLoop.now - $0 }
        readySince = nil
        otherHost = ending.otherHost
        let delay = schedule.delay(after: ending, held: held, using: &generator)
        state = .waiting(eventLoop.scheduleTask(in: delay) { self.dial() })
        logger.info(
            "XMPP stream ended",
            metadata: ["reason": "\(ending.reason)", "retry_in_ms": "\(delay.nanoseconds / 1_000_000)"])
        if ending.needsAttention {
            onEvent(.failed(reason: ending.reason, retryingIn: delay))
        } else {
            onEvent(.disconnected(reason: ending.reason, retryingIn: delay))
        }
    }

    // MARK: Told by the connection

    func becameReady(_ address: JID, resumed: Bool) {
        guard case .connected = state else { return }
        readySince = eventLoop.now
        logger.info("XMPP stream is ready", metadata: ["address": "\(address)", "resumed": "\(resumed)"])
        onEvent(.connected(address: address, resumed: resumed))
    }

    func received(_ stanza: XMLElement) {
        guard case .connected = state else { return }
        onEvent(.stanza(stanza))
    }

    func changed(canSend: Bool) {
        guard case .connected = state else { return }
        outbox.setOpen(canSend)
    }

    func ended(_ ending: StreamEnding, _ stream: ResumableStream?) {
        guard case .connected = state else { return }
        resumable = stream
        tryAgain(after: ending)
    }
}
