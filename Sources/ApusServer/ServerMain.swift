import ApusCore
import Foundation
import Logging
import UnixSignals

/// Starts and stops Apus.
package enum ServerMain {
    /// Serves until the process is asked to stop (SIGTERM or SIGINT), then drains and returns. Asked a second time, or
    /// when the drain takes too long, it ends the process at once.
    /// - Parameters:
    ///   - banner: whether to print, once it serves, where it listens and what to type next.
    ///   - reload: reads the configuration again, for SIGHUP.
    /// - Throws: what keeps it from starting, with what to do about it.
    package static func run(
        _ configuration: Configuration, banner: Bool, reload: @escaping @Sendable () throws -> Configuration
    ) async throws {
        let server = try await ApusServer.start(configuration, reload: reload)
        // From here on signals stop the server and no longer end the process.
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        if banner { print(Banner.text(server)) }
        ServiceManager.tell(.ready)
        let (stop, stopping) = AsyncStream.makeStream(of: Void.self)
        let listening = Task {
            var isStopping = false
            for await signal in signals {
                if signal == .sighup {
                    await server.reloader.reload()
                } else if isStopping {
                    endAtOnce("asked a second time", server.logger)
                } else {
                    isStopping = true
                    stopping.finish()
                }
            }
        }
        defer { listening.cancel() }
        let work = Task { await server.work() }
        for await _ in stop {}
        ServiceManager.tell(.stopping)
        work.cancel()
        let limit = server.configuration.server.drainTime
        let watchdog = Task {
            try await Task.sleep(for: limit + graceForTheDisk)
            endAtOnce("server.drain_time is over", server.logger)
        }
        defer { watchdog.cancel() }
        await work.value
        try await server.stop()
    }

    /// What is waited for beyond the time for clients: that what they were told is on disk.
    private static let graceForTheDisk = Duration.seconds(2)

    /// As a crash does, which loses nothing that was accepted.
    private static func endAtOnce(_ reason: String, _ logger: Logger) {
        logger.error("ended at once: \(reason)")
        _exit(1)
    }

    /// Starts a server on a free loopback port, for a demonstration or a test.
    package static func startEphemeral(dataDirectory: String) async throws -> EphemeralServer {
        var configuration = Configuration()
        configuration.server.port = 0
        configuration.server.dataDirectory = dataDirectory
        configuration.server.adminToken = RandomToken.hex128()
        configuration.log.level = .warning
        return EphemeralServer(
            server: try await ApusServer.start(configuration) { [configuration] in configuration },
            adminToken: configuration.server.adminToken ?? "")
    }
}

/// A server that ends with whoever started it.
package final class EphemeralServer: Sendable {
    private let server: ApusServer
    package let adminToken: String

    package var port: Int { server.port }

    init(server: ApusServer, adminToken: String) {
        self.server = server
        self.adminToken = adminToken
    }

    package func stop() async throws {
        try await server.stop()
    }
}
