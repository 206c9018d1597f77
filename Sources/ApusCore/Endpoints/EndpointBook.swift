import Synchronization

/// The endpoints of all devices: makes, extends and revokes them, for whichever protocol asks.
package final class EndpointBook: Sendable {
    private let dispatcher: Dispatcher
    private let tokens: SealedTokens
    private let messageTokens: SealedTokens
    private let deviceTokens: SealedTokens
    /// What devices want of their endpoints, each in its order.
    package let changes = OrderedChanges()
    private let base = Mutex("")
    /// For how long a registration of a protocol that renews them holds.
    package let lifetimeSeconds: Int64

    package init(dispatcher: Dispatcher, box: SecretBox, lifetimeSeconds: Int64) {
        self.dispatcher = dispatcher
        self.lifetimeSeconds = lifetimeSeconds
        tokens = SealedTokens(box, purpose: "endpoints", length: 16)
        messageTokens = SealedTokens(box, purpose: "pushed messages", length: 8)
        deviceTokens = SealedTokens(box, purpose: "devices elsewhere", length: 0)
    }

    // MARK: URLs

    /// What every URL begins with, without a slash at the end. Known once the server listens.
    package var baseURL: String {
        get { base.withLock { $0 } }
        set { base.withLock { $0 = newValue.hasSuffix("/") ? String(newValue.dropLast()) : newValue } }
    }

    /// The part of it that senders sign (RFC 8292 §2): scheme, host and port.
    package var origin: String {
        baseURL.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).prefix(3).joined(separator: "/")
    }

    package func url(of endpoint: Endpoint) -> String { "\(baseURL)/push/\(token(of: endpoint))" }

    /// The endpoint's token, which is in its URL.
    package func token(of endpoint: Endpoint) -> String { tokens.token(for: endpoint.id) }

    /// - Returns: nil if no endpoint ever had this token.
    package func endpoint(in token: some Collection<UInt8>) -> [UInt8]? { tokens.identifier(in: token) }

    /// The token of a message that was posted; who has it may cancel it and ask for its receipt.
    package func token(of message: MessageID) -> String {
        messageTokens.token(for: withUnsafeBytes(of: message.rawValue.bigEndian) { Array($0) })
    }

    package func message(in token: some Collection<UInt8>) -> MessageID? {
        messageTokens.identifier(in: token).map { bytes in
            MessageID(bytes.reduce(Int64(0)) { $0 << 8 | Int64($1) })
        }
    }

    /// What a device is registered as that is known by its address elsewhere. Nobody can guess it, as who knows a token
    /// can take the device over through ONE-PUSH.
    package func deviceToken(of address: String) -> String { deviceTokens.token(for: Array(address.utf8)) }

    // MARK: Registrations

    /// Registers an endpoint, or extends the device's registration of the same name, whose URL then stays.
    /// - Parameter expires: whether the registration ends if it is not renewed in time.
    package func register(_ registration: EndpointRegistration, expires: Bool) async throws -> Endpoint {
        let now = dispatcher.clock.now
        var registration = registration
        registration.expiresAt = expires ? now.adding(seconds: lifetimeSeconds) : nil
        let wanted = registration
        let id = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
        return try await dispatcher.update { try $0.registerEndpoint(wanted, newID: id, at: now) }
    }

    /// Revokes an endpoint of a device; what was posted to it and is not delivered fails.
    /// - Returns: whether there was one.
    @discardableResult
    package func unregister(_ name: String, of device: DeviceNumber) async throws -> Bool {
        let now = dispatcher.clock.now
        return try await dispatcher.update { try $0.removeEndpoint(name, of: device, at: now) }
    }
}
