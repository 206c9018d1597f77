import ApusCore
import NIOCore

/// Splits what comes into lines and does what the session says.
// SAFETY: a channel handler; touched on its channel's event loop only.
final class SMTPConnectionHandler: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// More than any line may have (RFC 5321 §4.5.3.1, RFC 4954 §4).
    private static let longestLine = 16 * 1024

    private let shared: VendorContext
    private var session: SMTPSession
    private var input = ByteBuffer()
    /// Whether a reply is late on purpose, so that what follows it waits.
    private var isWaiting = false

    init(_ shared: VendorContext, _ settings: SMTPSettings) {
        self.shared = shared
        session = SMTPSession(settings) { address in
            guard let rule = shared.rule(forTarget: address, path: SMTPService.recipientPath) else { return nil }
            let reply = SMTPService.reply(demandedBy: rule)
            shared.journal.count { $0.refused["\(reply)", default: 0] += 1 }
            return reply
        }
    }

    func channelActive(context: ChannelHandlerContext) {
        run([session.greeting], context.channel)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        input.writeImmutableBuffer(unwrapInboundIn(data))
        takeLines(context.channel)
    }

    private func takeLines(_ channel: any Channel) {
        while !isWaiting, channel.isActive, let line = nextLine() { run(session.receive(line), channel) }
        if input.readableBytes > Self.longestLine, !isWaiting {
            run([.reply(500, ["The line is too long"]), .close], channel)
        }
        input.discardReadBytes()
    }

    private func nextLine() -> [UInt8]? {
        let bytes = input.readableBytesView
        guard let end = bytes.indices.first(where: { bytes[$0] == 10 && $0 > bytes.startIndex && bytes[$0 - 1] == 13 })
        else { return nil }
        let line = Array(bytes[..<(end - 1)])
        input.moveReaderIndex(forwardBy: line.count + 2)
        return line
    }

    private func run(_ actions: [SMTPSession.Action], _ channel: any Channel) {
        for action in actions {
            switch action {
            case .reply(let code, let lines): write(code, lines, to: channel)
            case .deliver(let message): deliver(message, channel)
            case .close: channel.close(promise: nil)
            }
        }
    }

    private func deliver(_ message: SMTPMessage, _ channel: any Channel) {
        shared.journal.count { $0.requests += 1 }
        let rule = shared.rule(forPath: SMTPService.messagePath)
        let id = RandomToken.hex128()
        if rule?.accepts ?? true {
            shared.journal.accept(
                VendorAccepted(
                    id: id, path: SMTPService.messagePath, sender: message.sender, targets: message.recipients,
                    body: String(decoding: message.data, as: UTF8.self), acceptedAt: shared.clock.now))
        }
        let delay = shared.behaviour.drawnLatency
        guard delay > .zero else { return answer(id, rule, channel) }
        isWaiting = true
        channel.setOption(.autoRead, value: false).whenComplete { _ in
            channel.eventLoop.scheduleTask(in: delay) {
                self.isWaiting = false
                self.answer(id, rule, channel)
                channel.setOption(.autoRead, value: true).whenComplete { _ in self.takeLines(channel) }
            }
        }
    }

    private func answer(_ id: String, _ rule: VendorRule?, _ channel: any Channel) {
        guard let rule else { return write(250, ["OK \(id)"], to: channel) }
        switch rule.effect {
        case .code, .status:
            let reply = SMTPService.reply(demandedBy: rule)
            shared.journal.count { $0.refused["\(reply)", default: 0] += 1 }
            write(reply, ["This was demanded"], to: channel)
            if reply == 421 { channel.close(promise: nil) }
        case .fault(let fault):
            shared.journal.count { $0.faults += 1 }
            switch fault {
            case .garbage: channel.writeAndFlush(ByteBuffer(string: "<html>\r\n"), promise: nil)
            case .silence: return
            case .close: channel.close(promise: nil)
            }
        }
    }

    /// All lines but the last have a hyphen behind the code (RFC 5321 §4.2.1).
    private func write(_ code: Int, _ lines: [String], to channel: any Channel) {
        var buffer = ByteBuffer()
        for (index, line) in lines.enumerated() {
            buffer.writeString("\(code)\(index == lines.count - 1 ? " " : "-")\(line)\r\n")
        }
        channel.writeAndFlush(buffer, promise: nil)
    }
}
