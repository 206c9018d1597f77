package import ApusCore
package import CoreMetrics
package import Logging
package import NIOCore
import Synchronization

/// Sends notifications to APNs, over several lanes at once.
///
/// Each lane keeps its connections for as long as it can, and retries by itself what may be retried without harm. What it
/// cannot take now it refuses, so that whoever submits keeps it. It must be shut down before it is let go.
package final class APNsClient: Sendable {
    private struct State {
        var lanes: [String: (revision: Int64, pool: LanePool)] = [:]
        /// APNs counts new tokens for each team: lanes of one team share them.
        var tokens: [String: TeamToken] = [:]
    }

    private let state = Mutex(State())
    private let group: any EventLoopGroup
    private let clock: any Clock
    private let logger: Logger
    private let metrics: any MetricsFactory

    /// - Parameter group: each lane gets one of its event loops.
    package init(
        group: any EventLoopGroup, clock: any Clock = SystemClock(), logger: Logger, metrics: any MetricsFactory
    ) {
        self.group = group
        self.clock = clock
        self.logger = logger
        self.metrics = metrics
    }

    // MARK: Lanes

    /// Adds a lane, or puts it in the place of an earlier revision of it, which finishes what it has.
    /// - Parameters:
    ///   - revision: tells one lane of a name from the next; the same again changes nothing.
    ///   - onEvent: called on an event loop; it must not block.
    /// - Throws: `ApusError` that says what is wrong with it.
    package func put(
        _ lane: APNsLane, revision: Int64 = 0, onEvent: @escaping @Sendable (APNsEvent) -> Void = { _ in }
    ) throws(ApusError) {
        guard state.withLock({ $0.lanes[lane.name]?.revision }) != revision else { return }
        let authorization: LaneAuthorization =
            switch lane.credentials {
            case .certificate(let certificate): .certificate(certificate)
            case .token(let key): .token(token(of: key, revision))
            }
        var laneLogger = logger
        laneLogger[metadataKey: "lane"] = "\(lane.name)"
        let pool: LanePool
        do {
            pool = try LanePool(
                lane, authorization: authorization, on: group.next(), clock: clock, logger: laneLogger,
                metrics: APNsMetrics(lane: lane.name, factory: metrics), onEvent: onEvent)
        } catch {
            throw ApusError(
                .invalid, code: "apns_lane_invalid",
                "The lane \(lane.name) cannot be set up: \(ConnectionError.reason(error)).")
        }
        let earlier = state.withLock { $0.lanes.updateValue((revision, pool), forKey: lane.name) }
        _ = earlier?.pool.shutdown()
    }

    /// A team's key can be another one under the same id only if somebody made a mistake before: then its tokens are
    /// new, too.
    private func token(of key: SigningKey, _ revision: Int64) -> TeamToken {
        state.withLock { state in
            let name = "\(key.teamID).\(key.keyID)"
            if let token = state.tokens[name], token.isOf(key) { return token }
            let token = TeamToken(key)
            state.tokens[name] = token
            return token
        }
    }

    /// Removes all lanes but those of these names. They finish what they have.
    package func removeLanes(but names: Set<String>) {
        let removed = state.withLock { state in
            let removed = state.lanes.filter { !names.contains($0.key) }
            for name in removed.keys { state.lanes[name] = nil }
            return removed
        }
        for lane in removed.values { _ = lane.pool.shutdown() }
    }

    private func pool(_ lane: String) -> LanePool? {
        state.withLock { $0.lanes[lane]?.pool }
    }

    // MARK: Sending

    /// Takes a notification over without waiting.
    /// - Parameter completion: called exactly once, on an event loop; it must not block.
    /// - Returns: false, and `completion` is not called, if the lane has as much under way as it may, does not send at
    ///   the moment, or does not exist.
    package func submit(
        _ notification: APNsNotification, to lane: String, completion: @escaping @Sendable (APNsResult) -> Void
    ) -> Bool {
        pool(lane)?.submit(notification, completion: completion) ?? false
    }

    /// How many notifications wait in a lane to be sent.
    package func waiting(in lane: String) -> Int {
        pool(lane)?.waitingCount ?? 0
    }

    /// Opens a lane that is suspended or has stopped, after somebody has seen to it.
    package func resume(_ lane: String) {
        pool(lane)?.resume()
    }

    /// Takes no more, waits a while for answers that are due, and closes all connections. All completions have been called
    /// by then.
    package func shutdown() async {
        let pools = state.withLock { $0.lanes.values.map(\.pool) }
        await withTaskGroup(of: Void.self) { group in
            for pool in pools { group.addTask { try? await pool.shutdown().get() } }
        }
    }
}
