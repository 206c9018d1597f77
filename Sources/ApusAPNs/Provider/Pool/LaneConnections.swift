import ApusCore
import CoreMetrics
import NIOCore

/// The connections of a lane, and those that are being opened. Touched on the lane's event loop only.
final class LaneConnections {
    private let dialer: Dialer
    private let eventLoop: any EventLoop
    private let clock: any Clock
    private let idleTime: TimeAmount
    private let metrics: APNsMetrics
    private var open: [ConnectionHandler] = []
    private var isDialing = false
    private var addresses = AddressBook()
    private var policy: DialPolicy
    private var generator = SystemRandomNumberGenerator()

    init(_ lane: APNsLane, on eventLoop: any EventLoop, clock: any Clock, metrics: APNsMetrics) throws {
        dialer = try Dialer(lane, on: eventLoop)
        self.eventLoop = eventLoop
        self.clock = clock
        self.metrics = metrics
        idleTime = lane.limits.idleTime
        policy = DialPolicy(connections: lane.limits.connections)
    }

    var isEmpty: Bool { open.isEmpty && !isDialing }

    // MARK: Sending

    /// The connection with the fewest open streams, of those that can send.
    func freest() -> ConnectionHandler? {
        var freest: ConnectionHandler?
        for connection in open where connection.canSend {
            if connection.state.streams.count < freest?.state.streams.count ?? .max { freest = connection }
        }
        return freest
    }

    func flush() {
        for connection in open { connection.flush() }
    }

    // MARK: Opening

    /// Opens another connection if there is a reason to.
    /// - Parameter readySince: since when the first request has waited that could be sent.
    func consider(readySince: NIODeadline, at now: NIODeadline, for pool: LanePool) {
        let usable = open.filter { $0.state.phase == .opening || $0.state.phase == .ready }
        let blocked = usable.map(\.state.blockedSince)
        let view = DialPolicy.View(
            usable: usable.count, isDialing: isDialing,
            blockedSince: blocked.contains(nil) ? nil : blocked.compactMap(\.self).max(), readySince: readySince)
        if policy.shouldDial(view, at: now) { dial(for: pool) }
    }

    private func dial(for pool: LanePool) {
        isDialing = true
        let found = dialer.resolve().hop(to: eventLoop).assumeIsolated()
        found.whenSuccess { addresses in
            guard let address = self.chooseAddress(addresses) else {
                return pool.connectionFailed(nil, ConnectionError.noAddress)
            }
            let connection = ConnectionHandler(pool: pool, address: address)
            let connected = self.dialer.connect(connection).hop(to: self.eventLoop).assumeIsolated()
            connected.whenSuccess {
                self.open.append(connection)
                if pool.isStopping { connection.retire() }
            }
            connected.whenFailure(connection.close)
        }
        found.whenFailure { pool.connectionFailed(nil, $0) }
    }

    private func chooseAddress(_ found: [SocketAddress]) -> SocketAddress? {
        addresses.choose(from: found, used: open.map(\.address), at: clock.uptime, using: &generator)
    }

    /// The server has told its settings.
    func didBecomeReady() {
        isDialing = false
        policy.succeeded()
        metrics.connectionsOpened.increment()
    }

    /// A connection could not be opened.
    /// - Returns: when the next attempt may be.
    func didFail(_ connection: ConnectionHandler?) -> NIODeadline {
        let now = clock.uptime
        isDialing = false
        if let connection {
            remove(connection)
            addresses.failed(connection.address, at: now)
        }
        metrics.connectionFailures.increment()
        return policy.failed(at: now, using: &generator)
    }

    // MARK: Closing

    func remove(_ connection: ConnectionHandler) {
        open.removeAll { $0 === connection }
    }

    func tick(at now: NIODeadline) {
        for connection in open { connection.tick(at: now) }
        metrics.connections.record(open.count)
        metrics.openStreams.record(open.reduce(0) { $0 + $1.state.streams.count })
        metrics.blockedBytes.record(open.reduce(0) { $0 + $1.state.unsent })
        retireSurplus(at: now)
    }

    /// Closes a connection that has not been used for long, if there is another one.
    private func retireSurplus(at now: NIODeadline) {
        let ready = open.filter { $0.state.phase == .ready }
        guard ready.count > 1 else { return }
        ready.first { $0.state.streams.isEmpty && now - $0.state.lastUsed >= idleTime }?.retire()
    }

    /// Closes each connection as soon as it owes no more answers.
    func retireAll() {
        for connection in open { connection.retire() }
    }

    /// Gives up what is under way.
    func closeAll() {
        isDialing = false
        for connection in open { connection.close(because: ConnectionError.stopped) }
    }
}
