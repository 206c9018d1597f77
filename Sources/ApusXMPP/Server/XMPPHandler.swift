import ApusCore
import CoreMetrics
import NIOCore
import NIOSSL

/// A client's connection: feeds its session, and does what that decides. The only handler of its channel beside TLS.
// SAFETY: a channel handler; touched on its channel's event loop only, where `receive` hops to.
final class XMPPHandler: ChannelDuplexHandler, DeviceTransport, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How long the client may take to close its stream after ours is closed.
    static let closeTime = TimeAmount.seconds(3)
    /// Messages from the client that may wait for their commit before no more is read.
    private static let mostSubmissions = 64

    let route = Route.xmpp
    let eventLoop: any EventLoop
    let shared: XMPPServerContext
    let loop: XMPPLoop
    var context: ChannelHandlerContext?
    var reader: StreamReader
    var session: ServerSession
    var handle: SessionHandle?
    /// The bound address as it is written.
    var address = ""
    private(set) var isWritable = true
    var holdsRead = false
    var isWatched = false
    let opened: NIODeadline
    var lastHeard: NIODeadline
    /// Since when a stanza is incomplete.
    var stanzaBegan: NIODeadline?
    /// Whether a bound client without presence was asked for a sign of life since it was last heard of.
    var isPinged = false
    var closing: NIODeadline?
    var submissions = 0

    init(_ shared: XMPPServerContext, loop: XMPPLoop, isEncrypted: Bool) {
        self.shared = shared
        self.loop = loop
        eventLoop = loop.shard.eventLoop
        reader = StreamReader(pool: loop.parsers)
        session = ServerSession(shared.settings, services: shared.components.services, isEncrypted: isEncrypted)
        opened = .now()
        lastHeard = opened
    }

    var pingAfter: TimeAmount? { shared.settings.pingAfter }
    var reportsArrival: Bool { session.isManaged }

    // MARK: The channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        shared.metrics.connections.increment()
        shared.budget.opened(.xmpp)
        updateWatch()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        shared.budget.closed(.xmpp)
        disconnected()
    }

    func channelInactive(context: ChannelHandlerContext) {
        disconnected()
        context.fireChannelInactive()
    }

    func disconnected() {
        guard context != nil else { return }
        context = nil
        isWritable = false
        detach()
        if let stream = session.disconnected() { shared.suspended.add(stream, at: .now()) }
        if let login = session.login { shared.connections.release(login.account.name, self) }
        reader.close()
        loop.unwatch(self)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard closing == nil else { return }
        lastHeard = .now()
        isPinged = false
        if let handle { loop.shard.heard(handle) }
        reader.receive(unwrapInboundIn(data))
        takeEvents()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if let handle { loop.shard.didRead(handle) }
        requestAcknowledgement()
        context.flush()
    }

    /// Nothing more is read while the client does not take our answers, or waits for one.
    func read(context: ChannelHandlerContext) {
        if isWritable, !session.isAsking, submissions < Self.mostSubmissions {
            context.read()
        } else {
            holdsRead = true
        }
    }

    func resumeReading() {
        guard holdsRead, let context else { return }
        holdsRead = false
        read(context: context)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        resumeReading()
        if isWritable, let handle { loop.shard.becameWritable(handle) }
        context.fireChannelWritabilityChanged()
    }

    // MARK: What the client says

    func takeEvents() {
        do throws(StreamError) {
            while !session.isAsking, closing == nil, let event = try reader.next() {
                stanzaBegan = nil
                session.receive(event)
                runActions()
            }
        } catch {
            session.end(error)
            runActions()
        }
        if reader.holdsParser { stanzaBegan = stanzaBegan ?? lastHeard } else { stanzaBegan = nil }
        updateWatch()
    }

    /// The answer to a question of the session's. What the client sent meanwhile follows.
    func answered(_ answer: SessionAnswer) {
        guard context != nil else {
            // The client is gone, and may still resume the stream that it asked for.
            if case .stream(let stream?) = answer { shared.suspended.add(stream, at: .now()) }
            return
        }
        session.receive(answer)
        runActions()
        takeEvents()
        if let handle { loop.shard.didRead(handle) }
        context?.flush()
        resumeReading()
    }

    func runActions() {
        for action in session.takeActions() where closing == nil { run(action) }
    }

    func run(_ action: SessionAction) {
        switch action {
        case .openStream(let header): write { $0.openStream(header) }
        case .offer(let features): write { $0.features(features) }
        case .send(let element): write { $0.write(element, in: Namespace.client) }
        case .sendStanza(let stanza): send(stanza)
        case .resendStanza(let stanza):
            if case .other(let bytes) = stanza { send(bytes, as: stanza) }
        case .startTLS: startTLS()
        case .restartStream: reader.restart(discardsInput: false)
        case .ask(let question): ask(question)
        case .claimAccount(let name): claim(name)
        case .attach(let account):
            handle = loop.shard.attach(account.device, self)
            updateWatch()
        case .detach: detach()
        case .confirm(let message, let receipt): confirm(message, receipt)
        case .giveBack(let message):
            if let handle { loop.shard.giveBack(handle, message) }
        case .noteArrived(let messages):
            noteArrived(messages)
            requestAcknowledgement()
        case .noteArrivedEarlier(let messages, let account):
            loop.shard.arrivedEarlier(account.device, messages, by: route)
        case .submit(let message, let name, let number): submit(message, to: name, number)
        case .route(let stanza): shared.route(stanza, from: self, of: session.login?.account.app)
        case .count(let feature): shared.metrics.count(feature)
        case .end(let error): close(error)
        }
    }

    func startTLS() {
        guard let context, let tls = shared.tls else { return }
        context.flush()
        // What came before the encryption must not be taken for part of it.
        reader.restart(discardsInput: true)
        do {
            try context.pipeline.syncOperations.addHandlers(
                QuietBuffers.handlers(around: NIOSSLServerHandler(context: tls.value)), position: .first)
        } catch {
            context.close(promise: nil)
        }
    }

    func claim(_ name: String) {
        reader.limits = .authenticated
        address = session.address?.description ?? ""
        guard let older = shared.connections.claim(name, self), older !== self else { return }
        older.eventLoop.execute { older.replace() }
    }

    /// The account connected again.
    func replace() {
        session.end(StreamError(.conflict, text: "The account connected again."))
        runActions()
        context?.flush()
    }

    func detach() {
        if let handle { loop.shard.detach(handle) }
        handle = nil
    }

    func confirm(_ message: MessageID, _ receipt: Receipt) {
        if let handle { return loop.shard.confirm(handle, message, receipt) }
        // What nobody waits for is not worth a queue without end.
        guard let device = session.login?.account.device, !shared.dispatcher.isCongested else { return }
        var change = DeliveryChange(message, device, receipt, at: shared.dispatcher.clock.now)
        change.route = route
        shared.dispatcher.record([change])
    }

    func noteArrived(_ messages: [MessageID]) {
        if let handle { return loop.shard.arrived(handle, messages) }
        guard let device = session.login?.account.device else { return }
        loop.shard.arrivedEarlier(device, messages, by: route)
    }
}
