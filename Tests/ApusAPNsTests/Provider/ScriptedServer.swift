import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix
import NIOSSL
import Synchronization

/// An HTTP/2 server on a free loopback port that does with each request what the test says.
final class ScriptedServer: Sendable {
    struct Request: Sendable {
        /// Which request of all it is, from 0.
        let index: Int
        let stream: HTTP2StreamID
        let headers: HPACKHeaders
        let body: ByteBuffer

        func header(_ name: String) -> String? { headers.first(name: name) }
    }

    struct Settings: Sendable {
        var concurrentStreams = 1000
        /// Whether it lets go on who has used up the window.
        var opensWindow = true
        /// Whether the script is asked when the headers are there, or waits for the body.
        var answersEarly = false
        var clientCertificates: [NIOSSLCertificate] = []
        var protocols = ["h2"]
        /// How many connections it closes before it serves one.
        var closesFirst = 0
    }

    typealias Script = @Sendable (Request, ScriptedConnection) -> Void

    private struct State {
        var connections: [ScriptedConnection] = []
        var requests: [Request] = []
        var script: Script
    }

    private let state: Mutex<State>
    private let listener = Mutex<(any Channel)?>(nil)

    private init(script: @escaping Script) {
        state = Mutex(State(script: script))
    }

    static func start(
        _ identity: ServerIdentity, _ settings: Settings = Settings(),
        script: @escaping Script = { $1.answer($0.stream) }
    ) async throws -> ScriptedServer {
        let server = ScriptedServer(script: script)
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: [.certificate(identity.certificate)], privateKey: .privateKey(identity.key))
        tls.applicationProtocols = settings.protocols
        if !settings.clientCertificates.isEmpty {
            tls.certificateVerification = .noHostnameVerification
            tls.trustRoots = .certificates(settings.clientCertificates)
        }
        let context = try NIOSSLContext(configuration: tls)
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let connection = ScriptedConnection(server, settings)
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(NIOSSLServerHandler(context: context))
                    try pipeline.addHandler(connection.http2Handler)
                    try pipeline.addHandler(connection)
                    let number = server.state.withLock { state in
                        state.connections.append(connection)
                        return state.connections.count
                    }
                    if number <= settings.closesFirst { channel.close(promise: nil) }
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        server.listener.withLock { $0 = listener }
        return server
    }

    var port: Int { listener.withLock { $0?.localAddress?.port } ?? 0 }
    var requests: [Request] { state.withLock { $0.requests } }
    var connections: [ScriptedConnection] { state.withLock { $0.connections } }

    /// Changes what is done with requests that come from now on.
    func play(_ script: @escaping Script) {
        state.withLock { $0.script = script }
    }

    func stop() async {
        try? await listener.withLock { $0 }?.close().get()
        for connection in connections { connection.close() }
    }

    fileprivate func take(_ stream: HTTP2StreamID, _ headers: HPACKHeaders, _ body: ByteBuffer, on: ScriptedConnection)
    {
        let (request, script) = state.withLock { state in
            let request = Request(index: state.requests.count, stream: stream, headers: headers, body: body)
            state.requests.append(request)
            return (request, state.script)
        }
        script(request, on)
    }
}

/// The server's end of one connection. Its commands can be given from any thread.
// SAFETY: a channel handler; touched on its channel's event loop only, but for `context`, which is under a lock.
final class ScriptedConnection: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    private let server: ScriptedServer
    private let settings: ScriptedServer.Settings
    private let channel = Mutex<(any Channel)?>(nil)
    private var bodies: [HTTP2StreamID: (headers: HPACKHeaders, body: ByteBuffer)] = [:]
    private let pingCount = Mutex(0)
    private let closed = Mutex(false)
    private let resets = Mutex<[HTTP2StreamID]>([])

    fileprivate init(_ server: ScriptedServer, _ settings: ScriptedServer.Settings) {
        self.server = server
        self.settings = settings
    }

    fileprivate var http2Handler: NIOHTTP2Handler {
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: settings.concurrentStreams)
        ]
        return NIOHTTP2Handler(mode: .server, connectionConfiguration: connection)
    }

    var pings: Int { pingCount.withLock { $0 } }
    var isClosed: Bool { closed.withLock { $0 } }
    /// The streams that the client has reset.
    var resetStreams: [HTTP2StreamID] { resets.withLock { $0 } }

    // MARK: Commands

    /// - Parameter pieces: in how many DATA frames the body comes.
    func answer(
        _ stream: HTTP2StreamID, status: Int = 200, _ body: String = "", headers: HPACKHeaders = [:], pieces: Int = 1
    ) {
        var all: HPACKHeaders = [":status": "\(status)"]
        all.add(contentsOf: headers)
        write(.headers(.init(headers: all, endStream: body.isEmpty)), on: stream)
        guard !body.isEmpty else { return }
        var rest = ByteBuffer(string: body)
        for piece in 0..<pieces {
            let size = piece == pieces - 1 ? rest.readableBytes : rest.readableBytes / (pieces - piece)
            guard let bytes = rest.readSlice(length: size) else { return }
            write(.data(.init(data: .byteBuffer(bytes), endStream: rest.readableBytes == 0)), on: stream)
        }
    }

    func refuse(_ stream: HTTP2StreamID, status: Int, _ reason: String) {
        answer(stream, status: status, #"{"reason":"\#(reason)"}"#)
    }

    func reset(_ stream: HTTP2StreamID, _ code: HTTP2ErrorCode) {
        write(.rstStream(code), on: stream)
    }

    func allow(streams: Int) {
        write(.settings(.settings([HTTP2Setting(parameter: .maxConcurrentStreams, value: streams)])))
    }

    func openWindow(by bytes: Int) {
        write(.windowUpdate(windowSizeIncrement: bytes))
    }

    func goAway(last: HTTP2StreamID, reason: String? = nil) {
        let data = reason.map { ByteBuffer(string: #"{"reason":"\#($0)"}"#) }
        write(.goAway(lastStreamID: last, errorCode: .noError, opaqueData: data))
    }

    func close() {
        channel.withLock { $0 }?.close(promise: nil)
    }

    /// Reads nothing any more, so that it answers neither requests nor pings.
    func fallSilent() async throws {
        try await channel.withLock { $0 }?.setOption(.autoRead, value: false).get()
    }

    private func write(_ payload: HTTP2Frame.FramePayload, on stream: HTTP2StreamID = .rootStream) {
        channel.withLock { $0 }?.writeAndFlush(HTTP2Frame(streamID: stream, payload: payload), promise: nil)
    }

    // MARK: Events

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        self.channel.withLock { $0 = channel }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        switch frame.payload {
        case .headers(let headers):
            bodies[frame.streamID] = (headers.headers, ByteBuffer())
            if settings.answersEarly { server.take(frame.streamID, headers.headers, ByteBuffer(), on: self) }
        case .data(let data):
            guard case .byteBuffer(let bytes) = data.data else { return }
            if settings.opensWindow { openWindow(by: bytes.readableBytes) }
            bodies[frame.streamID]?.body.writeImmutableBuffer(bytes)
            guard data.endStream, let (headers, body) = bodies.removeValue(forKey: frame.streamID) else { return }
            if !settings.answersEarly { server.take(frame.streamID, headers, body, on: self) }
        case .ping(_, ack: false): pingCount.withLock { $0 += 1 }
        case .rstStream: resets.withLock { $0.append(frame.streamID) }
        default: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        closed.withLock { $0 = true }
    }
}

/// The certificate that the scripted servers show, for `localhost`. It vouches for itself.
struct ServerIdentity: Sendable {
    let certificate: NIOSSLCertificate
    let key: NIOSSLPrivateKey
    let file: String
    private let tool: OpenSSL

    static let shared = Result { try ServerIdentity() }

    private init() throws {
        tool = try OpenSSL()
        try tool.makeCertificate(
            "server", subject: "/CN=localhost", extensions: ["subjectAltName=DNS:localhost"])
        file = tool.path("server.pem")
        certificate = try NIOSSLCertificate.fromPEMFile(file)[0]
        key = try NIOSSLPrivateKey(file: tool.path("server.key"), format: .pem)
    }
}
