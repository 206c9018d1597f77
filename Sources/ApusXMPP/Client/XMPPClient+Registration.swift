package import Logging
package import NIOCore

extension XMPPClient {
    /// Makes the account of the settings on its server (XEP-0077). It is tried once.
    ///
    /// - Throws: `RegistrationError` with what to change, `ClientSettingsError`.
    package static func register(
        _ settings: XMPPClientSettings, group: any EventLoopGroup, logger: Logger
    ) async throws {
        let eventLoop = group.next()
        let encryption = try StreamEncryption(domain: settings.account.domain, trustRoots: settings.trustRoots)
        let made = eventLoop.makePromise(of: Void.self)
        let stream = StreamClient(
            to: settings.endpoint,
            dialer: StreamDialer(eventLoop: eventLoop, timeout: settings.times.connect, usualPort: settings.port),
            on: eventLoop, encryption: encryption, times: settings.times, logger: logger,
            makeSession: { _ in ClientSession(settings, purpose: .register) },
            onEvent: { event in
                switch event {
                case .connected: made.succeed()
                case .disconnected(let reason, _), .failed(let reason, _): made.fail(RegistrationError(reason))
                case .stanza: break
                }
            })
        stream.start()
        do {
            try await made.futureResult.get()
        } catch {
            try? await stream.stop().get()
            throw error
        }
        try? await stream.stop().get()
    }
}

/// Why an account was not made, and what to change.
package struct RegistrationError: Error, Equatable, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
