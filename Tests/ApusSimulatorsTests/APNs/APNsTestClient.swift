import ApusSimulators
import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix
import NIOSSL
import Synchronization

/// A provider's connection to APNs, on the level of frames.
final class APNsTestClient: Sendable {
    struct Answer: Sendable, Equatable {
        var status = 0
        var headers: [String: String] = [:]
        var body = ""
        var fragments = 0
    }

    enum Failure: Error, Equatable {
        case reset(HTTP2ErrorCode)
        case unprocessed
        case closed
    }

    struct GoAway: Sendable, Equatable {
        let lastStream: HTTP2StreamID
        let debugData: String
    }

    private let channel: any Channel
    private let handler: Handler

    private init(_ channel: any Channel, _ handler: Handler) {
        self.channel = channel
        self.handler = handler
    }

    /// Connects, and waits for the server's SETTINGS.
    static func connect(
        to simulator: APNsSimulator, identity: SimulatorAuthority.Identity? = nil, protocols: [String] = ["h2"]
    ) async throws -> APNsTestClient {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = try .certificates(NIOSSLCertificate.fromPEMBytes(Array(simulator.certificate.utf8)))
        tls.applicationProtocols = protocols
        if let identity {
            tls.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(identity.certificate.utf8))
                .map { .certificate($0) }
            tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(identity.privateKey.utf8), format: .pem))
        }
        let context = try NIOSSLContext(configuration: tls)
        let group = MultiThreadedEventLoopGroup.singleton
        let handler = Handler(group.next())
        let channel = try await ClientBootstrap(group: handler.eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: "localhost"))
                    try pipeline.addHandler(NIOHTTP2Handler(mode: .client))
                    try pipeline.addHandler(handler)
                }
            }
            .connect(host: "127.0.0.1", port: simulator.port).get()
        let client = APNsTestClient(channel, handler)
        try await handler.ready.futureResult.get()
        return client
    }

    /// Sends requests in one go, without waiting for their answers.
    func send(_ requests: [(headers: HPACKHeaders, payload: String)]) async throws -> [EventLoopFuture<Answer>] {
        try await handler.eventLoop.submit { requests.map { self.handler.send($0.headers, $0.payload) } }.get()
    }

    func post(_ headers: HPACKHeaders, _ payload: String) async throws -> Answer {
        try await send([(headers, payload)])[0].get()
    }

    /// Sends bytes past the HTTP/2 handler.
    func write(_ bytes: [UInt8]) async throws {
        try await handler.eventLoop.submit {
            let http2 = try self.channel.pipeline.syncOperations.context(handlerType: NIOHTTP2Handler.self)
            http2.writeAndFlush(NIOAny(ByteBuffer(bytes: bytes)), promise: nil)
        }.get()
    }

    /// What the server told about its limit of streams, in order.
    var streamLimits: [Int] { handler.streamLimits.withLock { $0 } }

    /// Bytes by which the server opened the connection's window, in order.
    var windowUpdates: [Int] { handler.windowUpdates.withLock { $0 } }

    var goAway: EventLoopFuture<GoAway> { handler.goAway.futureResult }

    /// Succeeds when the connection is closed in order, fails with what happened otherwise.
    var closed: EventLoopFuture<Void> { handler.closed.futureResult }

    func close() async throws {
        try? await channel.close()
    }

    // SAFETY: a channel handler; touched on its channel's event loop only, but for what has a lock.
    private final class Handler: ChannelInboundHandler, @unchecked Sendable {
        typealias InboundIn = HTTP2Frame
        typealias OutboundOut = HTTP2Frame

        let eventLoop: any EventLoop
        let ready: EventLoopPromise<Void>
        let goAway: EventLoopPromise<GoAway>
        let closed: EventLoopPromise<Void>
        let streamLimits = Mutex<[Int]>([])
        let windowUpdates = Mutex<[Int]>([])
        private var context: ChannelHandlerContext?
        private var waiting: [HTTP2StreamID: (answer: Answer, promise: EventLoopPromise<Answer>)] = [:]
        private var nextStream = HTTP2StreamID(1)
        private var error: (any Error)?

        init(_ eventLoop: any EventLoop) {
            self.eventLoop = eventLoop
            ready = eventLoop.makePromise()
            goAway = eventLoop.makePromise()
            closed = eventLoop.makePromise()
        }

        func handlerAdded(context: ChannelHandlerContext) { self.context = context }

        func send(_ headers: HPACKHeaders, _ payload: String) -> EventLoopFuture<Answer> {
            let promise = eventLoop.makePromise(of: Answer.self)
            guard let context else {
                promise.fail(Failure.closed)
                return promise.futureResult
            }
            let stream = nextStream
            nextStream = nextStream.advanced(by: 2)
            waiting[stream] = (Answer(), promise)
            let isEmpty = payload.isEmpty
            write(stream, .headers(.init(headers: headers, endStream: isEmpty)), context)
            if !isEmpty {
                write(stream, .data(.init(data: .byteBuffer(ByteBuffer(string: payload)), endStream: true)), context)
            }
            context.flush()
            return promise.futureResult
        }

        private func write(
            _ stream: HTTP2StreamID, _ payload: HTTP2Frame.FramePayload, _ context: ChannelHandlerContext
        ) {
            context.write(wrapOutboundOut(HTTP2Frame(streamID: stream, payload: payload)), promise: nil)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let frame = unwrapInboundIn(data)
            switch frame.payload {
            case .headers(let headers):
                waiting[frame.streamID]?.answer.status = Int(headers.headers.first(name: ":status") ?? "") ?? 0
                for (name, value, _) in headers.headers where name != ":status" {
                    waiting[frame.streamID]?.answer.headers[name] = value
                }
                if headers.endStream { finish(frame.streamID) }
            case .data(let data):
                guard case .byteBuffer(let bytes) = data.data else { return }
                waiting[frame.streamID]?.answer.body += String(buffer: bytes)
                waiting[frame.streamID]?.answer.fragments += 1
                if data.endStream { finish(frame.streamID) }
            case .rstStream(let code):
                waiting.removeValue(forKey: frame.streamID)?.promise.fail(Failure.reset(code))
            case .settings(.settings(let settings)):
                for setting in settings where setting.parameter == .maxConcurrentStreams {
                    streamLimits.withLock { $0.append(setting.value) }
                }
                ready.succeed()
            case .windowUpdate(let increment) where frame.streamID == .rootStream:
                windowUpdates.withLock { $0.append(increment) }
            case .goAway(let last, _, let debugData):
                goAway.succeed(GoAway(lastStream: last, debugData: debugData.map { String(buffer: $0) } ?? ""))
                for stream in waiting.keys where stream > last {
                    waiting.removeValue(forKey: stream)?.promise.fail(Failure.unprocessed)
                }
            default:
                break
            }
        }

        private func finish(_ stream: HTTP2StreamID) {
            guard let (answer, promise) = waiting.removeValue(forKey: stream) else { return }
            promise.succeed(answer)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            if self.error == nil { self.error = error }
            context.close(promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) {
            self.context = nil
            for (_, promise) in waiting.values { promise.fail(Failure.closed) }
            waiting = [:]
            ready.fail(Failure.closed)
            goAway.fail(Failure.closed)
            if let error { closed.fail(error) } else { closed.succeed() }
        }
    }
}
