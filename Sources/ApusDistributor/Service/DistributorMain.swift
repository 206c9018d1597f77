import ApusCore
import ApusXMPP
package import Logging
import NIOCore
import NIOPosix
import UnixSignals

/// Starts and stops the distributor.
package enum DistributorMain {
    /// Distributes until the process is asked to stop (SIGTERM or SIGINT).
    ///
    /// - Throws: what keeps it from starting, with what to do about it; `DBusFailure` if the session ends.
    package static func run(
        _ configuration: DistributorConfiguration, paths: DistributorPaths, logLevel: Logger.Level
    ) async throws {
        var logger = Logger(label: "apus-distributor") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = logLevel
        let book = try RegistrationBook(file: paths.book)
        let settings = try XMPPClientSettings(configuration, resource: try book.resource())
        let bus = try DBusConnection.open(try SessionBus.address())
        try bus.own(configuration.busName)
        // One thread for decisions and the disk, one for the network.
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let service = try DistributorService(
            account: settings.account, gateway: configuration.gatewayAddress, bus: bus, book: book, on: loops.next(),
            logger: logger)
        let networkLoop = loops.next()
        let (ends, end) = AsyncStream.makeStream(of: Never.self)
        try service.start(
            over: { [logger] receive in
                try XMPPGatewayLink(settings, on: networkLoop, logger: logger, receive: receive)
            },
            end: { end.finish() })
        logger.info(
            "the distributor runs", metadata: ["name": "\(configuration.busName)", "account": "\(settings.account)"])
        let signals = Task {
            for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
                await service.stop()
                return true
            }
            return false
        }
        for await _ in ends {}
        signals.cancel()
        let wasAsked = await signals.value
        if !wasAsked { await service.stop() }
        try await loops.shutdownGracefully()
        if !wasAsked { throw DBusFailure.ended }
    }
}

extension RegistrationBook {
    /// The account's resource on this device. It stays the same, and with it the address that gateways know.
    fileprivate func resource() throws -> String {
        try setting("resource") { "apus-distributor-" + RandomToken.hex128().prefix(8) }
    }
}
