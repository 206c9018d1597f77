import ApusXMPP
import Logging
import NIOCore
import NIOPosix

/// Checks that a configuration works before it is kept.
package enum Login {
    private static let requestTime = TimeAmount.seconds(10)

    /// Makes the account on its server (XEP-0077).
    ///
    /// - Throws: what has to be changed.
    package static func register(_ configuration: DistributorConfiguration) async throws {
        try configuration.check()
        let settings = try XMPPClientSettings(configuration, resource: resource)
        try await XMPPClient.register(
            settings, group: MultiThreadedEventLoopGroup.singleton, logger: silence)
    }

    /// Logs in, looks for a gateway, and logs out.
    ///
    /// - Returns: the gateway; nil if the server offers none.
    /// - Throws: what has to be changed.
    package static func check(_ configuration: DistributorConfiguration) async throws -> Gateway? {
        try configuration.check()
        let settings = try XMPPClientSettings(configuration, resource: resource)
        let (events, continuation) = AsyncStream.makeStream(of: XMPPClientEvent.self)
        let client = try XMPPClient(
            settings, group: MultiThreadedEventLoopGroup.singleton, logger: silence,
            onEvent: { continuation.yield($0) })
        client.start()
        do {
            try await waitForLogin(events)
        } catch {
            await client.stop()
            throw error
        }
        let gateway = await findGateway(configuration, of: settings.account, client)
        await client.stop()
        return gateway
    }

    /// Another than the running distributor's, which is to stay connected.
    private static let resource = "apus-distributor-login"
    private static let silence = Logger(label: "login") { _ in SwiftLogNoOpLogHandler() }

    private static func waitForLogin(_ events: AsyncStream<XMPPClientEvent>) async throws(LoginError) {
        for await event in events {
            switch event {
            case .connected: return
            case .stanza: continue
            case .disconnected(let reason, _), .failed(let reason, _): throw LoginError(description: reason)
            }
        }
        throw LoginError(description: "The connection ended.")
    }

    private static func findGateway(
        _ configuration: DistributorConfiguration, of account: JID, _ client: XMPPClient
    ) async -> Gateway? {
        var search = GatewaySearch(configured: configuration.gatewayAddress, inUse: nil)
        var actions = search.start(ownDomain: account.service)
        while !actions.isEmpty {
            switch actions.removeFirst() {
            case .askItems(let domain):
                actions += search.receiveItems(
                    await client.answer(to: GatewayRequest.discoverItems(of: domain), within: requestTime))
            case .askInfo(let service):
                actions += search.receiveInfo(
                    await client.answer(to: GatewayRequest.discoverInfo(of: service), within: requestTime),
                    from: service)
            case .finish(.found(let gateway)): return gateway
            case .finish: return nil
            }
        }
        return nil
    }
}

/// Why the account cannot log in.
package struct LoginError: Error, Equatable, CustomStringConvertible {
    package let description: String
}
