import ApusCore
import Logging
import NIOCore

/// A component's connection.
// SAFETY: a channel handler; touched on its channel's event loop only, where `receive` hops to.
final class ComponentHandler: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let closeTime = TimeAmount.seconds(3)
    /// Who has not read for so long is not a service.
    private static let longestStuck = TimeAmount.seconds(30)

    private let shared: XMPPServerContext
    private let loop: XMPPLoop
    private var context: ChannelHandlerContext?
    private var reader: StreamReader
    private var session: ComponentSession
    private var domain: String?
    private let opened = NIODeadline.now()
    private var closing: NIODeadline?
    /// Since when the component has not read what is there for it.
    private var stuckSince: NIODeadline?

    init(_ shared: XMPPServerContext, loop: XMPPLoop) {
        self.shared = shared
        self.loop = loop
        reader = StreamReader(pool: loop.parsers, limits: .unauthenticated)
        session = ComponentSession(ownDomain: shared.settings.domain, settings: shared.components.settings)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        shared.budget.opened(.component)
        loop.watch(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        shared.budget.closed(.component)
        if let domain { shared.components.detach(from: domain) }
        domain = nil
        self.context = nil
        reader.close()
        loop.unwatch(self)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard closing == nil else { return }
        reader.receive(unwrapInboundIn(data))
        do throws(StreamError) {
            while closing == nil, let event = try reader.next() { run(session.receive(event)) }
        } catch {
            run(session.end(error))
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.flush()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stuckSince = context.channel.isWritable ? nil : .now()
        context.fireChannelWritabilityChanged()
    }

    private func run(_ actions: [ComponentSession.Action]) {
        for action in actions where closing == nil {
            switch action {
            case .openStream(let header): write { $0.openStream(header) }
            case .send(let element): write { $0.write(element, in: Namespace.component) }
            case .attach(let domain): attach(to: domain)
            case .route(let stanza): route(stanza)
            case .end(let error): close(error)
            }
        }
    }

    private func attach(to domain: String) {
        guard shared.components.attach(self, to: domain) else {
            return run(session.end(StreamError(.conflict, text: "Another component serves this domain.")))
        }
        self.domain = domain
        reader.limits = .authenticated
        shared.logger.info("component attached", metadata: ["domain": "\(domain)"])
    }

    /// A message with a body for an account waits for it like any push; everything else is for who is there now.
    private func route(_ stanza: XMLElement) {
        let client = stanza.moved(to: Namespace.client)
        if client.name == "message", client.child("body") != nil, client.attribute("type") != "error",
            let to = client.attribute("to").flatMap({ try? JID($0) }), to.domain == shared.settings.domain,
            let name = to.node
        {
            MessageSubmission(client, from: self, shared, on: loop.shard).start(to: name, within: nil)
        } else {
            shared.route(client, from: self, of: nil)
        }
    }

    private func write(_ body: (inout StanzaWriter) -> Void) {
        context?.write(wrapOutboundOut(loop.bytes(body)), promise: nil)
    }

    private func close(_ error: StreamError?) {
        closing = .now() + Self.closeTime
        if let error {
            shared.metrics.count(error)
            write { $0.closeStream(error, in: Namespace.component) }
        } else {
            write { $0.closeStream() }
        }
        context?.flush()
        if error == nil { context?.close(promise: nil) }
    }
}

extension ComponentHandler: WatchedConnection {
    func endIfOverdue(at now: NIODeadline) {
        if let closing {
            if now >= closing { context?.close(promise: nil) }
        } else if let stuckSince, now >= stuckSince + Self.longestStuck {
            context?.close(promise: nil)
        } else if !session.isAttached, now >= opened + shared.settings.loginTime {
            run(session.end(StreamError(.connectionTimeout)))
        }
    }

    func endForShutdown() {
        run(session.end(StreamError(.systemShutdown)))
    }
}

extension ComponentHandler: StanzaReceiver {
    func receive(_ stanza: XMLElement, otherwise refuse: @escaping @Sendable () -> Void) {
        loop.shard.eventLoop.execute {
            guard self.session.isAttached, let context = self.context, context.channel.isWritable else {
                return refuse()
            }
            self.write { $0.write(stanza.moved(to: Namespace.component), in: Namespace.component) }
            context.flush()
        }
    }
}
