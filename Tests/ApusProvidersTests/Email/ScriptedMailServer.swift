import NIOCore
import NIOPosix
import Synchronization

/// A mail server on loopback that answers each command as it is told, and keeps what it heard.
final class ScriptedMailServer: Sendable {
    enum Answer: Sendable, Equatable {
        case reply(String)
        case silence
        case close
    }

    private struct Record {
        var lines: [String] = []
        var connections = 0
    }

    private final class Shared: Sendable {
        let record = Mutex(Record())
        let answers: [String: Answer]
        let mailsPerConnection: Int

        init(_ answers: [String: Answer], _ mailsPerConnection: Int) {
            self.answers = answers
            self.mailsPerConnection = mailsPerConnection
        }
    }

    private let channel: any Channel
    private let shared: Shared

    private init(_ channel: any Channel, _ shared: Shared) {
        self.channel = channel
        self.shared = shared
    }

    var port: Int { channel.localAddress?.port ?? 0 }
    var lines: [String] { shared.record.withLock { $0.lines } }
    var connections: Int { shared.record.withLock { $0.connections } }

    /// - Parameters:
    ///   - answers: by the first word of a command; `GREETING`, and `.` for the end of a mail. What is not there
    ///   is answered well.
    ///   - mailsPerConnection: after which there is a 421.
    static func start(
        _ answers: [String: Answer] = [:], mailsPerConnection: Int = 1000
    ) async throws -> ScriptedMailServer {
        let shared = Shared(answers, mailsPerConnection)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(shared))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return ScriptedMailServer(channel, shared)
    }

    func stop() async throws {
        try await channel.close()
    }

    // SAFETY: touched on its channel's event loop only.
    private final class Handler: ChannelInboundHandler, @unchecked Sendable {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let shared: Shared
        private var received = ByteBuffer()
        private var isInMail = false
        private var mails = 0

        init(_ shared: Shared) {
            self.shared = shared
        }

        func channelActive(context: ChannelHandlerContext) {
            shared.record.withLock { $0.connections += 1 }
            answer("GREETING", usual: "220 ready", context)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received.writeImmutableBuffer(unwrapInboundIn(data))
            while let end = received.readableBytesView.firstIndex(of: UInt8(ascii: "\n")),
                let line = received.readString(length: end + 1 - received.readerIndex)
            {
                take(line.withoutLineEnd(), context)
            }
        }

        private func take(_ line: String, _ context: ChannelHandlerContext) {
            shared.record.withLock { $0.lines.append(line) }
            guard !isInMail || line == "." else { return }
            isInMail = false
            let command = String(line.prefix { $0 != " " })
            if command == "MAIL" { mails += 1 }
            if mails > shared.mailsPerConnection { return write("421 too many mails", context) }
            let isData = command == "DATA" && shared.answers["DATA"] == nil
            if isData { isInMail = true }
            answer(command, usual: isData ? "354 go on" : command == "QUIT" ? "221 bye" : "250 ok", context)
        }

        private func write(_ text: String, _ context: ChannelHandlerContext) {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "\(text)\r\n")), promise: nil)
        }

        private func answer(_ command: String, usual: String, _ context: ChannelHandlerContext) {
            switch shared.answers[command] ?? .reply(usual) {
            case .reply(let text): write(text, context)
            case .silence: break
            case .close: context.close(promise: nil)
            }
        }
    }
}

extension String {
    fileprivate func withoutLineEnd() -> String {
        String(decoding: utf8.prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }
}
