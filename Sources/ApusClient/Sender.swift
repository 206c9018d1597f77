/// Sends an app's messages and registers its devices.
public struct Sender: Sendable {
    public let appID: String
    private let appKey: String
    private let client: APIClient

    public init(server: ServerAddress, appID: String, appKey: String) {
        self.appID = appID
        self.appKey = appKey
        client = APIClient(server: server)
    }

    /// Sends a message. When this returns, the message is safely stored.
    ///
    /// - Returns: the message's id.
    /// - Throws: `APIError`, `UnreachableError`. After the latter the message may have been accepted or not.
    public func send(_ message: OutgoingMessage, to audience: Audience) async throws -> String {
        let body = SendRequest(message, to: audience, appID: appID, appKey: appKey)
        let answer = try await client.post(["msgpush", "send"], body)
        return try answer.decoded(as: SendAnswer.self).requestId
    }

    private struct SendAnswer: Decodable {
        let requestId: String
    }
}

extension APIClient {
    private struct RegisterAnswer: Decodable {
        let id: String
    }

    /// Registers a device, or brings up to date one that has the same app and native token.
    ///
    /// - Returns: the device's id, to connect with.
    /// - Throws: `APIError`, `UnreachableError`.
    public func register(_ device: DeviceRegistration) async throws -> String {
        try await post(["msgpush", "register"], device).decoded(as: RegisterAnswer.self).id
    }

    /// Ends a device: its connection is closed and it gets no more messages.
    ///
    /// - Throws: `APIError`, `UnreachableError`.
    public func unregister(deviceID: String) async throws {
        _ = try await post(["msgpush", "unregister", deviceID], [String: String]())
    }
}

extension Sender {
    /// Registers a device; see `APIClient.register(_:)`.
    public func register(_ device: DeviceRegistration) async throws -> String {
        try await client.register(device)
    }

    /// Ends a device; see `APIClient.unregister(deviceID:)`.
    public func unregister(deviceID: String) async throws {
        try await client.unregister(deviceID: deviceID)
    }
}
