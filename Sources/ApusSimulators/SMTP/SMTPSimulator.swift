package import ApusCore
package import NIOCore

/// A mail server on a loopback address, without TLS, that keeps what it takes; with a control interface over HTTP.
package final class SMTPSimulator: Sendable {
    package let port: Int
    /// The control interface, and what came of the messages.
    package let control: VendorSimulator

    private let channel: any Channel
    private let connections: OpenConnections

    private init(_ channel: any Channel, _ connections: OpenConnections, _ control: VendorSimulator) {
        self.channel = channel
        self.connections = connections
        self.control = control
        port = channel.localAddress?.port ?? 0
    }

    /// - Parameters:
    ///   - port: 0 is any free one, here and for the control interface.
    ///   - remembered: how many of the last messages are kept in full.
    package static func start(
        _ settings: SMTPSettings, port: Int = 0, controlPort: Int = 0, remembered: Int = 1000,
        clock: any Clock = SystemClock(), group: any EventLoopGroup
    ) async throws -> SMTPSimulator {
        let service = SMTPService()
        let context = VendorContext(service, clock: clock, remembered: remembered)
        let control = try await VendorSimulator.start(service, context, port: controlPort, group: group)
        let connections = OpenConnections()
        do {
            let channel = try await connections.bind(port: port, group: group) { channel in
                try channel.pipeline.syncOperations.addHandler(SMTPConnectionHandler(context, settings))
            }
            return SMTPSimulator(channel, connections, control)
        } catch {
            try await control.stop()
            throw error
        }
    }

    /// Ends all connections, too.
    package func stop() async throws {
        try await channel.close()
        connections.close()
        try await control.stop()
    }
}
