package import ApusCore

/// Whose connection it is.
package struct LegacyClient: Sendable, Hashable {
    package let app: AppNumber
    /// For logs.
    package let name: String

    package init(app: AppNumber, name: String) {
        self.app = app
        self.name = name
    }
}

/// Knows the clients of the binary protocol.
package protocol LegacyClientDirectory: Sendable {
    /// - Returns: nil if the client is not to be served.
    func client(for peer: LegacyPeer) -> LegacyClient?
}

/// Why a notification was not accepted.
package enum LegacyGatewayError: Error, Sendable, Equatable {
    /// There is something wrong with it.
    case rejected(LegacyStatus)
    /// Nothing is accepted now. The client is to connect again and to send it again.
    case unavailable
}

/// Takes the notifications of the binary gateway.
package protocol LegacyGatewayBackend: LegacyClientDirectory {
    /// Takes a notification over, durably, and then calls `completion`, once, on any thread.
    ///
    /// Several of one connection may be under way. What can be seen to be wrong (a token that is known to be dead, an app
    /// without a topic) should be refused before this returns: then nothing behind it is handed over. If something is refused
    /// later, what is behind it should be refused too, since the client will send that again. What APNs says still later must
    /// not come back here; it is for the feedback.
    func accept(
        _ notification: LegacyNotification, from client: LegacyClient,
        completion: @escaping @Sendable (Result<Void, LegacyGatewayError>) -> Void)
}

/// A token that an app should not use any more.
package struct LegacyFeedback: Sendable, Equatable {
    package let token: [UInt8]
    /// When it was found dead.
    package let time: Timestamp
    /// Where it is in the app's feedback. It grows.
    package let position: Int64

    package init(token: [UInt8], time: Timestamp, position: Int64) {
        self.token = token
        self.time = time
        self.position = position
    }
}

/// Has the tokens that the feedback service tells.
package protocol LegacyFeedbackBackend: LegacyClientDirectory {
    /// The oldest feedback behind a position, at most `limit` entries; fewer only if there are no more. Calls `completion`
    /// once, on any thread.
    func pendingFeedback(
        for client: LegacyClient, after position: Int64, limit: Int,
        completion: @escaping @Sendable (Result<[LegacyFeedback], any Error>) -> Void)

    /// The client has received all up to a position.
    func clearFeedback(for client: LegacyClient, upTo position: Int64)
}
