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
    private static let closeTime = TimeAmount.seconds(3)
    /// Messages from the client that may wait for their commit before no more is read.
    private static let mostSubmissions = 64

    let route = Route.xmpp
    let eventLoop: any EventLoop
    private let shared: XMPPServerContext
    private let loop: XMPPLoop
    private var context: ChannelHandlerContext?
    private var reader: StreamReader
    private var session: ServerSession
    private var handle: SessionHandle?
    /// The bound address as it is written.
    private var address = ""
    private(set) var isWritable = true
    private var holdsRead = false
    private var isWatched = false
    private let opened: NIODeadline
    private var lastHeard: NIODeadline
    /// Since when a stanza is incomplete.
    private var stanzaBegan: NIODeadline?
    /// Whether a bound client without presence was asked for a sign of life since it was last heard of.
    private var isPinged = false
    private var closing: NIODeadline?
    private var submissions = 0

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
    var reportsArrival: Bool { session.management != nil }

    // MARK: The channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        shared.metrics.connections.increment()
        shared.budget.opened()
        updateWatch()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        shared.budget.closed()
        disconnected()
    }

    func channelInactive(context: ChannelHandlerContext) {
        disconnected()
        context.fireChannelInactive()
    }

    private func disconnected() {
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

    private func resumeReading() {
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

    private func takeEvents() {
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
    private func answered(_ answer: SessionAnswer) {
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

    private func runActions() {
        for action in session.takeActions() where closing == nil { run(action) }
    }

    private func run(_ action: SessionAction) {
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

    private func startTLS() {
        guard let context, let tls = shared.tls else { return }
        context.flush()
        // What came before the encryption must not be taken for part of it.
        reader.restart(discardsInput: true)
        do {
            try context.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls), position: .first)
        } catch {
            context.close(promise: nil)
        }
    }

    private func claim(_ name: String) {
        reader.limits = .authenticated
        address = session.address?.description ?? ""
        guard let older = shared.connections.claim(name, self), older !== self else { return }
        older.eventLoop.execute { older.replace() }
    }

    /// The account connected again.
    private func replace() {
        session.end(StreamError(.conflict, text: "The account connected again."))
        runActions()
        context?.flush()
    }

    private func detach() {
        if let handle { loop.shard.detach(handle) }
        handle = nil
    }

    private func confirm(_ message: MessageID, _ receipt: Receipt) {
        if let handle { return loop.shard.confirm(handle, message, receipt) }
        // What nobody waits for is not worth a queue without end.
        guard let device = session.login?.account.device, !shared.dispatcher.isCongested else { return }
        shared.dispatcher.record([DeliveryChange(message, device, receipt, at: shared.dispatcher.clock.now)])
    }

    private func noteArrived(_ messages: [MessageID]) {
        if let handle { return loop.shard.arrived(handle, messages) }
        guard let device = session.login?.account.device else { return }
        loop.shard.arrivedEarlier(device, messages, by: route)
    }

    // MARK: What the session asks

    private func ask(_ question: SessionQuestion) {
        switch question {
        case .account(let name):
            shared.accounts.find(name) { result in
                self.answer((try? result.get()).map { .candidate($0) } ?? .failed(.storeUnavailable))
            }
        case .password(let password, let candidate):
            shared.accounts.check(password, candidate) { self.answer(.password(isRight: $0)) }
        case .register(let name, let password): register(name, password)
        case .setPassword(let password, let name):
            change { try await $0.accounts.changePassword(password, of: name) }
        case .removeAccount(let name):
            change { try await $0.accounts.remove(name) }
        case .setAlias(let alias, let account):
            let now = shared.dispatcher.clock.now
            change { try await $0.dispatcher.update { try $0.setAlias(alias, of: account.device, at: now) } }
        case .setTags(let tags, let account):
            change { try await $0.dispatcher.update { try $0.setTags(tags, of: account.device) } }
        case .stream(let id, let account):
            findStream(id, of: account)
        }
    }

    private func answer(_ answer: SessionAnswer) {
        eventLoop.execute { self.answered(answer) }
    }

    /// The control plane is asynchronous, and answers once the change is on disk.
    private func change(_ body: @escaping @Sendable (XMPPServerContext) async throws -> Void) {
        let shared = shared
        Task {
            do {
                try await body(shared)
                answer(.done)
            } catch {
                answer(.failed(StanzaError(error)))
            }
        }
    }

    private func register(_ name: String, _ password: String) {
        guard let app = shared.settings.registrationApp.flatMap({ shared.apps[$0] }) else {
            return answer(.failed(StanzaError(.notAllowed, text: "The app to register into does not exist.")))
        }
        guard shared.addresses.mayRegister(from: context?.remoteAddress?.ipAddress, at: lastHeard) else {
            return answer(.failed(StanzaError(.resourceConstraint, text: "Too many registrations. Try again later.")))
        }
        change { _ = try await $0.accounts.add(name, password: password, to: app, keepsPassword: nil) }
    }

    private func findStream(_ id: String, of account: String) {
        if let stream = shared.suspended.take(id, of: account, at: .now()) { return answer(.stream(stream)) }
        guard let older = shared.connections[account] else { return answer(.stream(nil)) }
        older.eventLoop.execute {
            // Its connection may have broken meanwhile.
            let stream = older.surrender(id) ?? self.shared.suspended.take(id, of: account, at: .now())
            self.answer(.stream(stream))
        }
    }

    /// Gives the stream to a newer connection of its client, which resumes it (XEP-0198 §5).
    private func surrender(_ id: String) -> SuspendedStream? {
        guard context != nil, session.management?.id == id, let stream = session.disconnected() else { return nil }
        detach()
        close(StreamError(.conflict, text: "The stream was resumed elsewhere."))
        context?.flush()
        return stream
    }

    private func submit(_ message: XMLElement, to name: String, _ number: UInt32?) {
        submissions += 1
        // On a resumed stream the same message may come again with the same number.
        let key = session.management?.id.flatMap { id in number.map { "xmpp:\(id):\($0)" } }
        MessageSubmission(message, from: self, key: key, shared, on: loop.shard) {
            self.submissions -= 1
            if let number { self.session.settled(number) }
            self.runActions()
            self.context?.flush()
            self.resumeReading()
        }.start(to: name, within: session.login?.account.app)
    }

    // MARK: What the client is told

    private func write(_ body: (inout StanzaWriter) -> Void) {
        context?.write(wrapOutboundOut(loop.bytes(body)), promise: nil)
    }

    private func send(_ stanza: XMLElement) {
        let bytes = loop.bytes { $0.write(stanza, in: Namespace.client) }
        send(bytes, as: .other(bytes))
    }

    /// Writes a stanza that counts in stream management.
    private func send(_ bytes: ByteBuffer, as stanza: ManagedStanza) {
        guard let context else { return }
        context.write(wrapOutboundOut(bytes), promise: nil)
        guard session.management != nil else { return }
        session.management?.didSend(stanza)
        // Not here: whoever sends is in the middle of something.
        if session.management?.isOverfull ?? false { eventLoop.execute { self.endIfOverfull() } }
    }

    private func endIfOverfull() {
        guard session.management?.isOverfull ?? false else { return }
        session.end(StreamError(.policyViolation, text: "Stanzas are not acknowledged."))
        runActions()
        context?.flush()
    }

    func write(_ message: Message, forms: inout EncodedForms, flushing: Bool) {
        guard let login = session.login, closing == nil else { return }
        let bytes =
            login.usesNotifications
            ? MessageForms.notification(message, to: address, shared.settings, forms: &forms)
            : MessageForms.message(
                message, to: address, shared.settings, now: shared.dispatcher.clock.now, forms: &forms)
        if message.content.kind == .message {
            let sender = message.content.senderAddress.flatMap { try? JID($0).bare.description }
            session.undisplayed.append(message.id, from: sender ?? "")
        }
        send(bytes, as: .push(message.id))
        if flushing { flush() }
    }

    func flush() {
        requestAcknowledgement()
        context?.flush()
    }

    private func requestAcknowledgement() {
        guard session.management?.shouldRequest() ?? false else { return }
        write { $0.element("r", Namespace.streamManagement) }
    }

    /// Clients of every age answer an IQ that asks, if only with an error.
    func ping() {
        var iq = XMLElement("iq", Namespace.client)
        iq.attributes = [
            .init("type", "get"), .init("id", "ping-\(RandomToken.hex128().prefix(8))"),
            .init("from", shared.settings.domain), .init("to", address),
        ]
        iq.children = [.element(XMLElement("ping", Namespace.ping))]
        send(iq)
        context?.flush()
    }

    func close(_ reason: SessionCloseReason) {
        handle = nil
        guard !session.isRemovingAccount || reason != .unregistered else { return }
        let error =
            switch reason {
            case .replaced: StreamError(.conflict, text: "The device connected again.")
            case .unregistered: StreamError(.notAuthorized, text: "The device was unregistered.")
            case .unresponsive: StreamError(.connectionTimeout)
            case .unreadable: StreamError(.internalServerError, text: "The store cannot be read. Connect again later.")
            case .stopping: StreamError(.systemShutdown)
            }
        session.end(error)
        runActions()
        context?.flush()
    }

    /// Closes our stream, and waits a moment for the client to close its own.
    private func close(_ error: StreamError?) {
        guard closing == nil, let context else { return }
        closing = .now() + Self.closeTime
        if let error {
            shared.metrics.count(error)
            write { $0.closeStream(error) }
        } else {
            write { $0.closeStream() }
        }
        reader.close()
        updateWatch()
        // Without an error it was the client that closed first.
        if error == nil {
            context.flush()
            context.close(promise: nil)
        }
    }

    /// An administrator changed the account.
    func endForAccount(_ reason: String) {
        eventLoop.execute {
            // Who asked for it itself is answered first.
            guard !self.session.isRemovingAccount else { return }
            self.session.end(StreamError(.notAuthorized, text: reason))
            self.runActions()
            self.context?.flush()
        }
    }

    private func updateWatch() {
        guard context != nil else { return }
        let isSettled = handle != nil && stanzaBegan == nil && closing == nil
        guard isWatched == isSettled else { return }
        isWatched = !isSettled
        if isSettled { loop.unwatch(self) } else { loop.watch(self) }
    }
}

extension XMPPHandler: WatchedConnection {
    func endIfOverdue(at now: NIODeadline) {
        let settings = shared.settings
        if let closing {
            if now >= closing { context?.close(promise: nil) }
            return
        }
        var isOverdue = stanzaBegan.map { now >= $0 + settings.stanzaTime } ?? false
        if session.address == nil {
            isOverdue = isOverdue || now >= opened + settings.loginTime
        } else if handle == nil, now >= lastHeard + settings.pingAfter {
            if !isPinged { ping() }
            isPinged = true
            isOverdue =
                isOverdue || now >= lastHeard + settings.pingAfter + shared.dispatcher.settings.pingTimeout
        }
        guard isOverdue else { return }
        session.end(StreamError(.connectionTimeout))
        runActions()
        context?.flush()
    }

    func endForShutdown() {
        close(.stopping)
    }
}

extension XMPPHandler: StanzaReceiver {
    func receive(_ stanza: XMLElement, otherwise refuse: @escaping @Sendable () -> Void) {
        eventLoop.execute {
            guard self.session.address != nil, self.isWritable else { return refuse() }
            self.send(stanza.moved(to: Namespace.client))
            self.context?.flush()
        }
    }

    /// A stanza from somebody else. An IQ must be for this very client (RFC 6121 §8.5.3). Who takes no more bytes is as
    /// good as absent.
    /// - Parameter app: the app of a client that sends, which must be this client's; nil for a component.
    func receive(
        _ stanza: XMLElement, for to: JID, from app: AppNumber?, otherwise refuse: @escaping @Sendable () -> Void
    ) {
        eventLoop.execute {
            guard let login = self.session.login, self.isWritable else { return refuse() }
            let isForMe = to == self.session.address || (to.isBare && stanza.name != "iq")
            let isOfApp = app == nil || app == login.account.app
            // AndroidPN clients look at no address, so nobody but the server may ask them anything.
            let isAllowed = app == nil || stanza.name != "iq" || !login.usesNotifications
            guard isForMe, isOfApp, isAllowed else { return refuse() }
            self.send(stanza.moved(to: Namespace.client))
            self.context?.flush()
        }
    }
}
