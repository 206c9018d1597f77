/// A device as it makes itself known.
public struct DeviceRegistration: Sendable, Encodable {
    public var appId: String
    /// The name by which messages find the device, usually a user id.
    public var alias: String
    public var platform: Platform
    /// What identifies the installation: registering it again changes the device and keeps its id.
    public var nativeToken: String
    public var tenantCode: String?
    public var mobile: String?
    /// What its user reads, as in `zh` or `pt-BR`.
    public var language: String?
    public var tag: [String] = []

    public init(appId: String, alias: String, platform: Platform, nativeToken: String) {
        self.appId = appId
        self.alias = alias
        self.platform = platform
        self.nativeToken = nativeToken
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
