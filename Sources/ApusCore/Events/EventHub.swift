import Dispatch
package import Logging
package import NIOCore
import Synchronization

/// Reads the journal for everybody who follows it, on a thread of its own.
///
/// It works in rounds. In each, followers that wait for the same place of the journal get the same page, read once; the
/// others get theirs. A round begins when something was written or asked, but never before the hub has rested for a
/// multiple of the time that the last one took, so that following costs delivering only so much: who follows more than
/// that lags, and catches up later.
package final class EventHub: Sendable {
    package struct Settings: Sendable {
        /// Pages that are read in one round.
        package var pagesPerRound = 16
        /// Events in a page.
        package var pageSize = 1000
        /// When somebody who waits is told that there was nothing.
        package var patience = TimeAmount.seconds(15)
        /// The shortest rest, and how many times as long as it worked the hub rests.
        package var rest = Duration.milliseconds(10)
        package var restFactor = 4
        /// For how long it rests at most because of that.
        package var longestRest = Duration.milliseconds(100)
        /// Bytes that all followers together are given in a second, each answer counting for `answerCost` more.
        package var bytesPerSecond = 64 << 20
        package var answerCost = 32 << 10

        package init() {}
    }

    private struct State {
        var requests: [EventRequest] = []
        /// A round is under way or will begin.
        var isScheduled = false
        /// Something was written or asked since the last round began.
        var isDue = false
        var isBeating = false
        var isStopped = false
        /// When the next round may begin.
        var restsUntil = ContinuousClock.now
    }

    private let store: any MessageStore
    private let clock: any Clock
    private let settings: Settings
    private let logger: Logger
    private let thread = DispatchQueue(label: "apus.events", qos: .utility)
    private let faces = DeviceFaces()
    private let state = Mutex(State())

    package init(store: any MessageStore, clock: any Clock, settings: Settings = Settings(), logger: Logger) {
        self.store = store
        self.clock = clock
        self.settings = settings
        self.logger = logger
    }

    /// Asks for the next events; the follower's `take` is called once. Never blocks.
    package func ask(_ request: EventRequest) {
        var request = request
        request.askedAt = clock.uptime
        let mustBeat = state.withLock { state in
            guard !state.isStopped else { return false }
            state.requests.append(request)
            defer { state.isBeating = true }
            return !state.isBeating
        }
        if mustBeat { beat() }
        begin()
    }

    /// There is something new in the journal.
    package func wake() {
        if state.withLock({ !$0.requests.isEmpty || $0.isScheduled }) { begin() }
    }

    /// Answers nobody any more.
    package func stop() {
        state.withLock { state in
            state.isStopped = true
            state.requests = []
        }
        thread.sync {}
    }

    // MARK: Rounds

    private func begin() {
        let rest = state.withLock { state -> Duration? in
            state.isDue = true
            guard !state.isScheduled, !state.isStopped else { return nil }
            state.isScheduled = true
            return max(.zero, state.restsUntil - ContinuousClock.now)
        }
        if let rest { schedule(after: rest) }
    }

    private func schedule(after rest: Duration) {
        thread.asyncAfter(deadline: .now() + .nanoseconds(Int(rest / .nanoseconds(1)))) { [weak self] in self?.round() }
    }

    /// Who waits is looked at from time to time also when nothing happens.
    private func beat() {
        thread.asyncAfter(deadline: .now() + .nanoseconds(Int(settings.patience.nanoseconds / 3))) { [weak self] in
            guard let self, !state.withLock({ $0.isStopped }) else { return }
            wake()
            beat()
        }
    }

    private func round() {
        let began = ContinuousClock.now
        let requests = state.withLock { state in
            state.isDue = false
            defer { state.requests = [] }
            return state.requests.filter { !$0.follower.hasLeft }
        }
        var round = EventRound(settings, faces, now: clock.uptime)
        do {
            try store.read { try round.run(requests, $0) }
        } catch {
            logger.error("reading the journal failed", metadata: ["error": "\(error)"])
            round = round.withoutAnswers(requests)
        }
        round.post()
        let worked = ContinuousClock.now - began
        let room = Duration.seconds(Double(round.cost) / Double(settings.bytesPerSecond))
        let rest = max(settings.rest, min(worked * settings.restFactor, settings.longestRest), room)
        let goesOn = state.withLock { state -> Bool in
            guard !state.isStopped else { return false }
            state.requests = round.waiting + state.requests
            state.restsUntil = ContinuousClock.now + rest
            state.isScheduled = state.isDue || round.isUnfinished
            return state.isScheduled
        }
        if goesOn { schedule(after: rest) }
    }
}
