import NIOCore
import NIOWebSocket

/// Keeps a device connected: one connection after the other, with the state that outlives them.
actor DeviceLink {
    nonisolated let queue: BoundedQueue<ReceivedMessage>

    private let server: ServerAddress
    private let target: String
    private let settings: DeviceConnection.Settings
    private let events: AsyncStream<ConnectionEvent>.Continuation
    private var recent: RecentMessages
    /// Receipts for the next connection, oldest first.
    private var unsent: [String] = []
    private var outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>?
    /// Whether something came since the last heartbeat.
    private var isAlive = true
    /// Whether nothing is read from the connection because the app has not taken what came before.
    private var isWaitingForReader = false

    init(
        server: ServerAddress, deviceID: String, settings: DeviceConnection.Settings,
        events: AsyncStream<ConnectionEvent>.Continuation
    ) {
        self.server = server
        self.settings = settings
        self.events = events
        target = server.target(["msgpush.ws"], query: [("deviceId", deviceID)])
        queue = BoundedQueue(capacity: settings.buffered)
        recent = RecentMessages(capacity: settings.remembered)
    }

    /// Connects again and again until the task is cancelled or the server says that there is no point.
    func run() async {
        var delay = ReconnectDelay(settings.reconnectDelay)
        var finalError: DeviceConnectionError?
        while !Task.isCancelled, finalError == nil {
            let start = ContinuousClock.now
            let closure = await connectOnce()
            events.yield(.disconnected(closure))
            finalError = closure.finalError
            guard !Task.isCancelled, finalError == nil else { break }
            if start.duration(to: .now) > settings.heartbeat { delay.reset() }
            let pause = delay.next()
            events.yield(.reconnecting(after: pause))
            try? await Task.sleep(for: pause)
        }
        queue.finish(throwing: finalError)
        events.finish()
    }

    private func connectOnce() async -> ConnectionClosure {
        do {
            let channel = try await WebSocketDialer.open(server, target: target)
            return try await channel.executeThenClose { inbound, outbound in
                self.outbound = outbound
                defer { self.outbound = nil }
                events.yield(.connected)
                await sendUnsent()
                return try await converse(inbound, outbound)
            }
        } catch {
            return ConnectionClosure(code: nil, reason: ConnectionFailure.reason(error))
        }
    }

    private func converse(
        _ inbound: NIOAsyncChannelInboundStream<WebSocketFrame>,
        _ outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>
    ) async throws -> ConnectionClosure {
        try await withThrowingTaskGroup(of: ConnectionClosure.self) { group in
            group.addTask { try await self.read(inbound, outbound) }
            group.addTask { try await self.beat(outbound) }
            defer { group.cancelAll() }
            return try await group.next() ?? ConnectionClosure(code: nil, reason: "the connection was lost")
        }
    }

    private func read(
        _ inbound: NIOAsyncChannelInboundStream<WebSocketFrame>,
        _ outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>
    ) async throws -> ConnectionClosure {
        for try await frame in inbound {
            isAlive = true
            switch frame.opcode {
            case .text:
                await receive(String(buffer: frame.unmaskedData))
            case .ping:
                try await outbound.write(.fromClient(.pong, frame.unmaskedData))
            case .connectionClose:
                try? await outbound.write(.fromClient(.connectionClose, frame.unmaskedData))
                return ConnectionClosure(frame)
            default:
                break
            }
        }
        return ConnectionClosure(code: nil, reason: "the connection was lost")
    }

    /// Sends heartbeats until one is not answered.
    private func beat(_ outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>) async throws -> ConnectionClosure {
        try await Task.sleep(for: settings.heartbeat)
        repeat {
            isAlive = false
            // That this fails shows in `read` too, which may still find the server's reason for it.
            try? await outbound.write(.fromClient(.text, ByteBuffer(string: "HBT")))
            try await Task.sleep(for: settings.heartbeat)
        } while isAlive || isWaitingForReader
        return ConnectionClosure(code: nil, reason: "the server was silent for \(settings.heartbeat)")
    }

    private func receive(_ text: String) async {
        guard let message = ReceivedMessage(text: text) else { return }
        if let receipts = recent.note(message.id) {
            // It came again because the server has not heard of its receipts.
            for receipt in receipts { await write("\(receipt.rawValue):\(message.id)") }
            return
        }
        isWaitingForReader = true
        await queue.put(message)
        isWaitingForReader = false
        isAlive = true
    }

    func send(_ receipt: RecentMessages.Receipt, of id: String) async {
        recent.note(receipt, of: id)
        await write("\(receipt.rawValue):\(id)")
    }

    private func sendUnsent() async {
        let waiting = unsent
        unsent = []
        for text in waiting { await write(text) }
    }

    private func write(_ text: String) async {
        do {
            guard let outbound else { throw ChannelError.ioOnClosedChannel }
            try await outbound.write(.fromClient(.text, ByteBuffer(string: text)))
        } catch {
            if unsent.count >= settings.remembered { unsent.removeFirst() }
            unsent.append(text)
        }
    }

    /// Says that the device leaves, and lets nothing more in.
    func sayGoodbye() async {
        try? await outbound?.write(.close(.normalClosure))
        queue.finish()
    }
}
