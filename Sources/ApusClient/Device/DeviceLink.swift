import NIOCore
import NIOWebSocket

/// Keeps a device connected: one connection after the other, with the state that outlives them.
actor DeviceLink {
    nonisolated let queue: BoundedQueue<ReceivedMessage>

    /// Receipts in a frame: a server takes none without end.
    private static let mostInFrame = 100

    private let server: ServerAddress
    private let target: String
    private let settings: DeviceConnection.Settings
    private let events: AsyncStream<ConnectionEvent>.Continuation
    private var memory: MessageMemory
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
        memory = MessageMemory(capacity: settings.remembered, entries: settings.log?.entries ?? [])
    }

    /// Connects again and again until the task is cancelled or the server says that there is no point.
    func run() async {
        var delay = RetryDelay(settings.reconnectDelay)
        var finalError: DeviceConnectionError?
        while !Task.isCancelled, finalError == nil {
            let start = ContinuousClock.now
            let closure = await connectOnce()
            events.yield(.disconnected(closure))
            finalError = closure.finalError
            guard !Task.isCancelled, finalError == nil else { break }
            if start.duration(to: .now) > settings.heartbeat { delay.reset() }
            // What the server asks for is the same for many devices.
            let pause = closure.comeBackAfter.map { $0 + .milliseconds(Int.random(in: 0..<1000)) } ?? delay.next()
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
                defer {
                    self.outbound = nil
                    memory.forgetHeartbeats()
                }
                events.yield(.connected)
                await sayOwed(outbound)
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
            await sayHeartbeat(outbound)
            try await Task.sleep(for: settings.heartbeat)
        } while isAlive || isWaitingForReader
        return ConnectionClosure(code: nil, reason: "the server was silent for \(settings.heartbeat)")
    }

    private func receive(_ text: String) async {
        if text == "ACK1" {
            if memory.noteHeartbeatAnswer() { log(.heard) }
            return
        }
        guard let message = ReceivedMessage(text: text) else { return }
        if let receipts = memory.noteArrival(of: message.id) {
            // It came again because the server has not heard of its receipts.
            for receipt in receipts { try? await outbound?.write(.receipts(receipt.kind, [receipt])) }
            return
        }
        isWaitingForReader = true
        await queue.put(message)
        isWaitingForReader = false
        isAlive = true
    }

    /// Says it now, if there is a connection, and again on each further one until the server has heard it.
    func say(_ receipt: Receipt) async {
        if memory.note(receipt) { log(.receipt(receipt)) }
        try? await outbound?.write(.receipts(receipt.kind, [receipt]))
    }

    /// Says what the server may not have heard, and a heartbeat behind it, whose answer tells that it has.
    private func sayOwed(_ outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>) async {
        let owed = memory.owed
        guard !owed.isEmpty else { return }
        for kind in [Receipt.Kind.confirmed, .read] {
            var rest = owed.filter { $0.kind == kind }[...]
            while !rest.isEmpty {
                try? await outbound.write(.receipts(kind, rest.prefix(Self.mostInFrame)))
                rest = rest.dropFirst(Self.mostInFrame)
            }
        }
        await sayHeartbeat(outbound)
    }

    /// That a write fails shows in `read` too, which may still find the server's reason for it.
    private func sayHeartbeat(_ outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>) async {
        memory.noteHeartbeat()
        try? await outbound.write(.fromClient(.text, ByteBuffer(string: "HBT")))
    }

    private func log(_ entry: MessageLogEntry) {
        do {
            try settings.log?.note(entry)
        } catch {
            events.yield(.logFailed(reason: "\(error)"))
        }
    }

    /// Says that the device leaves, and lets nothing more in.
    func sayGoodbye() async {
        try? await outbound?.write(.close(.normalClosure))
        queue.finish()
    }
}

extension WebSocketFrame {
    /// `CFM:<id>,<id>` or `READ:<id>`, for receipts that are all of this kind.
    fileprivate static func receipts(_ kind: Receipt.Kind, _ receipts: some Sequence<Receipt>) -> WebSocketFrame {
        let ids = receipts.map(\.messageID)
        return fromClient(.text, ByteBuffer(string: "\(kind.rawValue):" + ids.joined(separator: ",")))
    }
}
