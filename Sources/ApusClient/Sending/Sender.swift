import Foundation

/// Sends an app's messages.
///
/// Messages that are sent at the same time share a request, in the order in which they come. What the server cannot
/// take now, or may not have heard, is sent again, with a key by which the server knows it: it becomes one message.
///
/// ```swift
/// let sender = Sender(server: try ServerAddress("http://127.0.0.1:8080"), appID: id, appKey: key)
/// let message = try await sender.send(OutgoingMessage(alert: "Hello, Ann"), to: .aliases(["ann"]))
/// ```
public struct Sender: Sendable {
    /// How messages are sent.
    public struct Settings: Sendable {
        /// How many messages go in one request at most. The server takes 1,000, unless it is set otherwise.
        public var batchSize = 500
        /// How many messages may wait to be sent. More are refused with `TooManyWaitingError`.
        public var capacity = 10_000
        /// The shortest and the longest time between two attempts, unless the server names a longer one.
        public var retryDelay: ClosedRange<Duration> = .milliseconds(200) ... .seconds(10)
        /// For how long a message is tried again. `.zero` is one attempt.
        public var retryTime = Duration.seconds(60)

        public init() {}
    }

    public let appID: String
    private let appKey: String
    private let client: APIClient
    private let queue: SendQueue

    public init(server: ServerAddress, appID: String, appKey: String, settings: Settings = Settings()) {
        self.appID = appID
        self.appKey = appKey
        client = APIClient(server: server, credential: .appKey(appKey))
        queue = SendQueue(APIClient(server: server), settings)
    }

    /// Sends a message. When this returns, the message is safely stored.
    ///
    /// A server that cannot be reached, or answers that it is busy (429, 503), is tried again for
    /// `Settings.retryTime`. Any other refusal is thrown at once.
    ///
    /// - Returns: the message's id.
    /// - Throws: `APIError`, `UnreachableError`, `TooManyWaitingError`. After `UnreachableError` and
    ///   `CancellationError` the message may have been accepted or not; to send it again without sending it twice,
    ///   give it an `idempotencyKey`.
    public func send(_ message: OutgoingMessage, to audience: Audience) async throws -> String {
        let request = SendRequest(message, to: audience, appID: appID, appKey: appKey)
        return try await queue.send(JSONEncoder().encode(request))
    }

    /// Where a message stands on its devices, from behind the `next` of the page before.
    ///
    /// - Throws: `APIError`, `UnreachableError`.
    public func status(of messageID: String, after: String? = nil) async throws -> MessageStatus {
        try await client.get(["v1", "messages", messageID], query: after.map { [("after", $0)] } ?? []).decoded()
    }

    /// Why a message stands where it does on a device; without one, what was done because nobody confirmed it.
    ///
    /// - Throws: `APIError`, `UnreachableError`.
    public func explain(_ messageID: String, deviceID: String? = nil) async throws -> DeliveryExplanation {
        let query = deviceID.map { [("device", $0)] } ?? []
        return try await client.get(["v1", "messages", messageID, "explain"], query: query).decoded()
    }

    /// Takes back what is not delivered yet, and answers on how many devices that was.
    ///
    /// - Throws: `APIError`, `UnreachableError`.
    public func cancel(_ messageID: String) async throws -> Int {
        try await client.delete(["v1", "messages", messageID]).decoded(as: MessageCancellation.self).cancelled
    }

    /// Registers a device; see `APIClient.register(_:)`.
    public func register(_ device: DeviceRegistration) async throws -> String {
        try await client.register(device)
    }

    /// Ends a device; see `APIClient.unregister(deviceID:)`.
    public func unregister(deviceID: String) async throws {
        try await client.unregister(deviceID: deviceID)
    }
}
