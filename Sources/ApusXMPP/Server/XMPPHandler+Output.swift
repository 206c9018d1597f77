import ApusCore
import NIOCore

/// What the client is told: by its session, by the core, by others, and when its time is up.
extension XMPPHandler {
    func write(_ body: (inout StanzaWriter) -> Void) {
        context?.write(wrapOutboundOut(loop.bytes(body)), promise: nil)
    }

    func send(_ stanza: XMLElement) {
        let bytes = loop.bytes { $0.write(stanza, in: Namespace.client) }
        send(bytes, as: .other(bytes))
    }

    /// Writes a stanza that counts in stream management.
    func send(_ bytes: ByteBuffer, as stanza: ManagedStanza) {
        guard let context else { return }
        context.write(wrapOutboundOut(bytes), promise: nil)
        guard session.management != nil else { return }
        session.management?.didSend(stanza)
        // Not here: whoever sends is in the middle of something.
        if session.management?.isOverfull ?? false { eventLoop.execute { self.endIfOverfull() } }
    }

    func endIfOverfull() {
        guard session.management?.isOverfull ?? false else { return }
        session.end(StreamError(.policyViolation, text: "Stanzas are not acknowledged."))
        runActions()
        context?.flush()
    }

    func write(_ message: Message, forms: inout EncodedForms, flushing: Bool) {
        guard let login = session.login, closing == nil else { return }
        if let push = message.content.push, let registration = PushRegistration(name: push.registration) {
            let stanza = PushStanzas.push(
                message, push, for: registration, from: shared.settings.gateway, to: address)
            send(loop.bytes { $0.write(stanza, in: Namespace.client) }, as: .push(message.id))
            if flushing { flush() }
            return
        }
        // AndroidPN clients show whatever comes.
        if message.content.recalls != nil, login.usesNotifications { return }
        let message = message.adapted(to: login.account.platform, login.account.language)
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

    func requestAcknowledgement() {
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
            case .stopping(let seconds):
                StreamError(.systemShutdown, text: "The server is stopping. Connect again in \(seconds) s.")
            }
        session.end(error)
        runActions()
        context?.flush()
    }

    /// Closes our stream, and waits a moment for the client to close its own.
    func close(_ error: StreamError?) {
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

    func updateWatch() {
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
        close(.stopping(comeBackAfter: ReconnectSpread.earliest))
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
