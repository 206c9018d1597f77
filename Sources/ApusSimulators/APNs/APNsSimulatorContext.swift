import ApusCore
import NIOCore
import Synchronization

/// What all connections of one simulator share.
final class APNsSimulatorContext: Sendable {
    let environment: APNsServiceEnvironment
    let clock: any Clock
    let verifier: ProviderTokenVerifier
    let faults = APNsFaultSchedule()
    let journal: APNsJournal
    let file: APNsNotificationFile?
    private let certificates: [[UInt8]: APNsClientCertificate]
    private let state: Mutex<State>

    private struct State {
        var behaviour: APNsBehaviour
        var connections: [ObjectIdentifier: APNsConnectionHandler] = [:]
    }

    init(_ configuration: APNsSimulatorConfiguration) throws {
        environment = configuration.environment
        clock = configuration.clock
        verifier = ProviderTokenVerifier(
            teams: configuration.teams, environment: configuration.environment,
            updateLimit: configuration.tokenUpdateLimit)
        journal = APNsJournal(remembered: configuration.remembered)
        file = try configuration.acceptedFile.map(APNsNotificationFile.init)
        certificates = Dictionary(configuration.certificates.map { ($0.der, $0) }) { _, last in last }
        state = Mutex(State(behaviour: configuration.behaviour))
    }

    var behaviour: APNsBehaviour { state.withLock { $0.behaviour } }

    /// Changes the behaviour. When it returns, all connections have been told.
    func change<Failure: Error>(_ change: (inout APNsBehaviour) throws(Failure) -> Void) async throws(Failure) {
        let behaviour = try state.withLock { state throws(Failure) in
            try change(&state.behaviour)
            return state.behaviour
        }
        await forEachConnection { $0.apply(behaviour) }
    }

    /// Runs `body` for each connection that is open, on its event loop.
    func forEachConnection(_ body: @escaping @Sendable (APNsConnectionHandler) -> Void) async {
        for connection in state.withLock({ Array($0.connections.values) }) {
            // It fails only when the event loop is gone, and the connection with it.
            try? await connection.eventLoop.submit { body(connection) }.get()
        }
    }

    /// - Returns: how it is to be treated.
    func add(_ connection: APNsConnectionHandler) -> APNsBehaviour {
        journal.count {
            $0.connections += 1
            $0.openConnections += 1
        }
        return state.withLock { state in
            state.connections[ObjectIdentifier(connection)] = connection
            return state.behaviour
        }
    }

    func remove(_ connection: APNsConnectionHandler) {
        journal.count { $0.openConnections -= 1 }
        state.withLock { $0.connections[ObjectIdentifier(connection)] = nil }
    }

    /// - Parameter certificate: as it came in the handshake.
    func peer(presenting certificate: [UInt8]?) -> APNsPeer {
        guard let certificate else { return .anonymous }
        return certificates[certificate].map(APNsPeer.certificate) ?? .unknownCertificate
    }
}
