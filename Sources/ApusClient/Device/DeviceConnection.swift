/// A device's connection to the server: it receives messages and says what became of them.
///
/// It connects at once, and again whenever the connection is lost, until it is closed or the server says that there is
/// no point. It ends when it is released.
///
/// ```swift
/// let connection = DeviceConnection(server: try ServerAddress("http://127.0.0.1:8080"), deviceID: id)
/// for try await message in connection.messages {
///     show(message)
///     await connection.confirm(message.id)
/// }
/// ```
public final class DeviceConnection: Sendable {
    /// How a connection behaves.
    public struct Settings: Sendable {
        /// The time from one heartbeat to the next. If nothing comes in between, the connection is taken for lost.
        public var heartbeat = Duration.seconds(30)
        /// The shortest and the longest time between two attempts to connect.
        public var reconnectDelay: ClosedRange<Duration> = .seconds(1) ... .seconds(60)
        /// How many messages are remembered so that none is handed out twice.
        public var remembered = 1000
        /// Remembers them beyond the end of the process; `nil` if nothing has to.
        public var log: (any MessageLog)?
        /// How many messages wait for `messages` to be read; then the server is made to wait.
        public var buffered = 128

        public init() {}
    }

    /// What happens to the connection, for display. Only the latest 64 wait to be read.
    public let events: AsyncStream<ConnectionEvent>

    private let link: DeviceLink
    private let runner: Task<Void, Never>

    public init(server: ServerAddress, deviceID: String, settings: Settings = Settings()) {
        let (events, sink) = AsyncStream.makeStream(of: ConnectionEvent.self, bufferingPolicy: .bufferingNewest(64))
        let link = DeviceLink(server: server, deviceID: deviceID, settings: settings, events: sink)
        self.events = events
        self.link = link
        runner = Task { await link.run() }
    }

    deinit {
        runner.cancel()
        // It may be waiting for somebody to take a message.
        link.queue.finish()
    }

    /// The messages, each once in this process; with a log, those that were confirmed in an earlier one not again. For one reader. It ends when the connection is closed, and throws
    /// `DeviceConnectionError` when the server says that there is no point in connecting again.
    public var messages: AsyncThrowingStream<ReceivedMessage, any Error> {
        AsyncThrowingStream { try await self.link.queue.take() }
    }

    /// Tells the server that the device has a message, and again on the next connection if the server may not have
    /// heard it.
    public func confirm(_ id: String) async {
        await link.say(Receipt(.confirmed, of: id))
    }

    /// Tells the server that the user has read a message, as surely as `confirm(_:)` does.
    public func markRead(_ id: String) async {
        await link.say(Receipt(.read, of: id))
    }

    /// Closes the connection for good.
    public func close() async {
        await link.sayGoodbye()
        runner.cancel()
        await runner.value
    }
}
