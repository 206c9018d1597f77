package import ApusCore
package import NIOCore
import NIOHTTP1
import NIOPosix

/// An honest stand-in for a vendor on a loopback address, over plain HTTP/1.1, with a control interface below `/control`.
package final class VendorSimulator: Sendable {
    package let port: Int
    package var origin: String { "http://127.0.0.1:\(port)" }
    /// What came of the requests.
    package var journal: VendorJournal { context.journal }

    private let channel: any Channel
    private let context: VendorContext
    private let connections: OpenConnections

    private init(_ channel: any Channel, _ context: VendorContext, _ connections: OpenConnections) {
        self.channel = channel
        self.context = context
        self.connections = connections
        port = channel.localAddress?.port ?? 0
    }

    /// - Parameters:
    ///   - port: 0 is any free one.
    ///   - remembered: how many of the last requests that were accepted are kept in full.
    package static func start(
        _ service: any VendorService, port: Int = 0, remembered: Int = 1000, clock: any Clock = SystemClock(),
        group: any EventLoopGroup
    ) async throws -> VendorSimulator {
        let context = VendorContext(service, clock: clock, remembered: remembered)
        return try await start(service, context, port: port, group: group)
    }

    static func start(
        _ service: any VendorService, _ context: VendorContext, port: Int, group: any EventLoopGroup
    ) async throws -> VendorSimulator {
        let connections = OpenConnections()
        let channel = try await connections.bind(port: port, group: group) { channel in
            // Pipelined requests wait for their turn.
            try channel.pipeline.syncOperations.configureHTTPServerPipeline()
            try channel.pipeline.syncOperations.addHandler(VendorConnectionHandler(context, service))
        }
        return VendorSimulator(channel, context, connections)
    }

    package var behaviour: VendorBehaviour { context.behaviour }

    /// Changes how the next requests are treated.
    package func change(_ change: (inout VendorBehaviour) -> Void) {
        context.change(change)
    }

    /// Ends all connections, too.
    package func stop() async throws {
        try await channel.close()
        connections.close()
    }
}
