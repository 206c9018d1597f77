import ApusCore
import CoreMetrics
import NIOCore

/// A device's WebSocket (seed 003). The only handler of its channel: an idle device costs little more than its socket.
// SAFETY: a channel handler; touched on its channel's event loop only.
final class WebSocketHandler: ChannelDuplexHandler, DeviceTransport, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State {
        /// The store is being asked who this is. What the device says meanwhile waits.
        case identifying(early: [ByteBuffer])
        case open(SessionHandle)
        case closing
    }

    /// What a device may say before it is known, before no more is read.
    private static let earlyMessages = 64
    /// How long a device has to answer a close frame.
    private static let closeTime = TimeAmount.seconds(3)

    let route = Route.webSocket
    let pingAfter: TimeAmount? = nil
    let reportsArrival = false
    private let shared: HTTPServerContext
    private let shard: SessionShard
    private let deviceID: String
    private var platform = Platform.android
    private var language: String?
    private var device: DeviceNumber?
    private(set) var isWritable = true
    private var holdsRead = false
    private var decoder: WebSocketFrameDecoder
    private var state = State.identifying(early: [])
    private var context: ChannelHandlerContext?

    init(_ shared: HTTPServerContext, shard: SessionShard, deviceID: String?) {
        self.shared = shared
        self.shard = shard
        self.deviceID = deviceID ?? ""
        decoder = WebSocketFrameDecoder(limit: shared.limits.frame)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        shared.metrics.sockets.increment()
        shared.budget.opened(.webSocket)
        guard !deviceID.isEmpty else {
            close(4404, "deviceId is missing: connect with ?deviceId=…")
            return
        }
        shared.dispatcher.identify(deviceID) { result in
            self.shard.eventLoop.execute { self.identified(result) }
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        shared.budget.closed(.webSocket)
        ended()
    }

    func channelInactive(context: ChannelHandlerContext) {
        ended()
        context.fireChannelInactive()
    }

    private func ended() {
        if case .open(let handle) = state { shard.detach(handle) }
        state = .closing
        isWritable = false
        context = nil
    }

    /// Nobody speaks WebSocket with half a connection.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func identified(_ result: Result<Device?, any Error>) {
        guard case .identifying(let early) = state, context != nil else { return }
        switch result {
        case .failure:
            close(1011, "the store cannot be read; try again later")
        case .success(let device?) where device.isActive:
            platform = device.platform
            language = device.language
            self.device = device.number
            guard let handle = shard.attach(device.number, self) else { return }
            state = .open(handle)
            for text in early { take(text, from: handle) }
            shard.didRead(handle)
            if let context {
                context.flush()
                resumeReading(context)
            }
        case .success:
            close(4404, "no active device has this deviceId: register first")
        }
    }

    // MARK: What the device says

    /// Bytes that came behind the handshake.
    func takeUnread(_ bytes: ByteBuffer) {
        guard let context else { return }
        read(bytes, context)
        channelReadComplete(context: context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        read(unwrapInboundIn(data), context)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if case .open(let handle) = state { shard.didRead(handle) }
        context.flush()
    }

    /// Who does not take our answers is not read from, nor who says too much before we know who it is.
    func read(context: ChannelHandlerContext) {
        if case .identifying(let early) = state, early.count >= Self.earlyMessages {
            holdsRead = true
        } else if !isWritable {
            holdsRead = true
        } else {
            context.read()
        }
    }

    private func resumeReading(_ context: ChannelHandlerContext) {
        guard holdsRead else { return }
        holdsRead = false
        read(context: context)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        resumeReading(context)
        if isWritable, case .open(let handle) = state { shard.becameWritable(handle) }
        context.fireChannelWritabilityChanged()
    }

    private func read(_ data: ByteBuffer, _ context: ChannelHandlerContext) {
        var bytes = data
        if case .open(let handle) = state { shard.heard(handle) }
        decoder.append(&bytes)
        do throws(WebSocketError) {
            while let event = try decoder.next() {
                switch event {
                case .text(let text): take(text)
                case .binary: throw WebSocketError(1003, "only text frames are understood here")
                case .ping(let data): send { WebSocketFrameEncoder.writePong(data, into: &$0) }
                case .pong: break
                case .close(let code, _):
                    answerClose(code, context)
                    return
                }
            }
        } catch {
            close(error.closeCode, error.reason)
        }
    }

    private func take(_ text: ByteBuffer) {
        switch state {
        case .open(let handle):
            take(text, from: handle)
        case .identifying(var early):
            early.append(text)
            state = .identifying(early: early)
        case .closing:
            break
        }
    }

    private func take(_ text: ByteBuffer, from handle: SessionHandle) {
        switch DeviceCommand(text) {
        case .heartbeat: send { $0.writeImmutableBuffer(Self.heartbeatAnswer) }
        case .confirm(let messages):
            for message in messages { shard.confirm(handle, message, .received) }
        case .read(let messages):
            for message in messages { shard.confirm(handle, message, .read) }
        case .register(let name, let key): change(.register(name, key: key))
        case .unregister(let name): change(.unregister(name))
        case nil: break
        }
    }

    /// Registers or unregisters an endpoint, and tells the device.
    private func change(_ change: EndpointChange) {
        guard let device else { return }
        let (book, loop) = (shared.endpoints, shard.eventLoop)
        let isTaken = book.changes.add(by: deviceID) {
            let answer = await change.answer(for: device, in: book)
            loop.execute { self.answer(answer) }
        }
        if !isTaken { answer(change.refusal(.tooManyChanges)) }
    }

    private func answer(_ text: ByteBuffer) {
        // Nothing follows a close frame (RFC 6455 §5.5.1).
        guard case .open = state else { return }
        send { WebSocketFrameEncoder.writeText(text, into: &$0) }
        context?.flush()
    }

    private static let heartbeatAnswer: ByteBuffer = {
        var frame = ByteBuffer()
        WebSocketFrameEncoder.writeText("ACK1", into: &frame)
        return frame
    }()

    // MARK: What the device is told

    func write(_ message: Message, forms: inout EncodedForms, flushing: Bool) {
        let platform = platform
        let message = message.adapted(to: platform, language)
        let frame = forms.bytes(for: WebSocketForms.key(of: message, for: platform)) {
            WebSocketForms.frame(message, for: platform)
        }
        if flushing {
            context?.writeAndFlush(wrapOutboundOut(frame), promise: nil)
        } else {
            context?.write(wrapOutboundOut(frame), promise: nil)
        }
    }

    func flush() {
        context?.flush()
    }

    func ping() {
        send { WebSocketFrameEncoder.writePing(into: &$0) }
        context?.flush()
    }

    func close(_ reason: SessionCloseReason) {
        switch reason {
        case .replaced: close(4409, "the device connected again")
        case .unregistered: close(4404, "the device was unregistered")
        case .unresponsive: context?.close(promise: nil)
        case .unreadable: close(1011, "the store cannot be read; connect again later")
        case .stopping(let seconds): close(1012, "the server is stopping; connect again in \(seconds) s")
        }
    }

    private func send(_ write: (inout ByteBuffer) -> Void) {
        var frame = ByteBuffer()
        write(&frame)
        context?.write(wrapOutboundOut(frame), promise: nil)
    }

    /// Says why, waits a moment for the device to answer, and closes.
    private func close(_ code: UInt16, _ reason: String) {
        guard let context else { return }
        if case .closing = state { return }
        if case .open(let handle) = state { shard.detach(handle) }
        state = .closing
        send { WebSocketFrameEncoder.writeClose(code: code, reason: reason, into: &$0) }
        context.flush()
        let channel = context.channel
        context.eventLoop.scheduleTask(in: Self.closeTime) { channel.close(promise: nil) }
    }

    private func answerClose(_ code: UInt16?, _ context: ChannelHandlerContext) {
        if case .open(let handle) = state { shard.detach(handle) }
        // Unless we closed first and this is the answer.
        if case .closing = state {} else { send { WebSocketFrameEncoder.writeClose(code: code, into: &$0) } }
        state = .closing
        context.flush()
        context.close(promise: nil)
    }
}
