import ApusCore
import CoreMetrics
import Logging
import NIOCore

/// A lane at work: its connections, what waits for them, and what becomes of it. It runs what `ConnectionState`,
/// `NextStep` and `LaneGate` decide.
// SAFETY: all but the inbox is touched on the event loop only.
final class LanePool: @unchecked Sendable {
    let limits: APNsLimits
    let clock: any Clock
    private let lane: APNsLane
    private let eventLoop: any EventLoop
    private let headers: RequestHeaders
    private let authorization: LaneAuthorization
    private let logger: Logger
    private let metrics: APNsMetrics
    private let onEvent: @Sendable (APNsEvent) -> Void
    private let inbox: LaneInbox

    private let connections: LaneConnections
    private var waiting = WaitingRequests()
    private var gate = LaneGate()
    private var deathGuard: TokenDeathGuard
    private var hasTicker = false
    /// Whether the last attempt to connect failed.
    private var isUnreachable = false
    private var stopping: EventLoopPromise<Void>?
    private var stopsAt = NIODeadline.distantFuture
    private var generator = SystemRandomNumberGenerator()
    /// How many days the certificate had when that was last spoken of.
    private var warnedDays: Int64?
    private static let warningDays = 30

    init(
        _ lane: APNsLane, authorization: LaneAuthorization, on eventLoop: any EventLoop, clock: any Clock,
        logger: Logger, metrics: APNsMetrics, onEvent: @escaping @Sendable (APNsEvent) -> Void
    ) throws {
        self.lane = lane
        self.authorization = authorization
        self.eventLoop = eventLoop
        self.clock = clock
        self.logger = logger
        self.metrics = metrics
        self.onEvent = onEvent
        limits = lane.limits
        connections = try LaneConnections(lane, on: eventLoop, clock: clock, metrics: metrics)
        headers = RequestHeaders(lane.endpoint)
        inbox = LaneInbox(limit: lane.limits.waiting)
        deathGuard = TokenDeathGuard(lane.deathGuard)
        eventLoop.execute { self.recordGauges() }
    }

    var isStopping: Bool { stopping != nil }
    /// Whether it sends what is submitted.
    private var isOpen: Bool { gate.problem == nil && stopping == nil }

    // MARK: From any thread

    func submit(_ notification: APNsNotification, completion: @escaping @Sendable (APNsResult) -> Void) -> Bool {
        let now = clock.uptime
        let request = PendingRequest(notification, at: now, deadline: now + limits.stay, completion: completion)
        switch inbox.add(request) {
        case .refused: return false
        case .taken: return true
        case .mustWakeLoop:
            eventLoop.execute { self.takeArrivals() }
            return true
        }
    }

    var waitingCount: Int { inbox.waiting }

    func resume() {
        eventLoop.execute {
            guard self.gate.problem != nil, self.stopping == nil else { return }
            self.gate.resume()
            self.deathGuard.reset()
            self.didReopen()
        }
    }

    /// - Returns: fulfilled when every completion has been called.
    func shutdown() -> EventLoopFuture<Void> {
        eventLoop.flatSubmit {
            if let stopping = self.stopping { return stopping.futureResult }
            let promise = self.eventLoop.makePromise(of: Void.self)
            self.stopping = promise
            self.stopsAt = self.clock.uptime + self.limits.drainTime
            self.updateInbox()
            self.waiting.append(self.inbox.takeAll())
            self.giveUpWaiting()
            self.connections.retireAll()
            self.finishStopping()
            self.scheduleTick()
            return promise.futureResult
        }
    }

    // MARK: Sending

    private func takeArrivals() {
        waiting.append(inbox.takeAll())
        guard isOpen else { return giveUpWaiting() }
        fill()
        considerDialing(at: clock.uptime)
        scheduleTick()
    }

    /// Sends what waits, as far as the connections take it.
    func fill() {
        defer { updateInbox() }
        guard isOpen, waiting.readySince != nil, var connection = connections.freest() else { return }
        let token: TeamToken.Authorization?
        do {
            token = try authorization.current(at: clock.now)
        } catch {
            return suspend(.credentials("the provider token cannot be signed: \(error)"))
        }
        let now = clock.uptime
        while let request = waiting.popFirst() {
            guard request.deadline > now else {
                giveUp(request)
                continue
            }
            if request.attempts > 0 { metrics.resent.increment() }
            request.begin(issueTime: token?.issueTime)
            connection.send(request, headers.headers(for: request.notification, authorization: token?.header), at: now)
            guard let next = connections.freest() else { break }
            connection = next
        }
        connections.flush()
    }

    private func updateInbox() {
        inbox.update(held: waiting.count, isOpen: isOpen)
    }

    // MARK: Settling

    /// An attempt has ended.
    func settle(_ ending: ConnectionState<PendingRequest>.Ending, on connection: ConnectionHandler, at now: NIODeadline)
    {
        let request = ending.request
        request.note(ending.end)
        if case .answered(let response) = ending.end {
            metrics.answerSeconds.recordNanoseconds((now - ending.startedAt).nanoseconds)
            take(response, from: connection, at: now)
        }
        let step = NextStep(
            after: ending.end, attempts: request.attempts,
            repeatsWhenUnknown: request.notification.repeatsWhenUnknown, using: &generator)
        switch step {
        case .finish(.tokenDead(let since)): settleDeath(request, since: since, at: now)
        case .finish(let outcome): finish(request, outcome)
        case .resend: resend(request)
        case .resendAfter(let delay): resend(request, after: delay, at: now)
        case .renewToken: renewToken(for: request, refusedOn: connection)
        case .suspend(let problem):
            refuse(request, problem)
            suspend(problem)
        }
    }

    /// What an answer says about the connection and the lane.
    private func take(_ response: APNsResponse, from connection: ConnectionHandler, at now: NIODeadline) {
        switch response.verdict {
        case .delivered:
            gate.succeeded()
            _ = deathGuard.record(isDeath: false, at: now)
        case .reconnect, .renewToken:
            connection.retire()
        case .credentials where response.reason == .tooManyProviderTokenUpdates:
            authorization.tooManyUpdates(at: clock.now)
            connection.retire()
        case .failed, .tokenDead, .retry, .credentials: break
        }
    }

    private func settleDeath(_ request: PendingRequest, since: Timestamp?, at now: NIODeadline) {
        let isSuspicious = request.response?.reason?.isSuspicious ?? false
        let trips = deathGuard.record(isDeath: isSuspicious, at: now)
        guard isSuspicious, deathGuard.isTripped else { return finish(request, .tokenDead(since: since)) }
        let problem = LaneProblem.tokenDeaths(deathGuard.deaths)
        refuse(request, problem)
        if trips, gate.stop(problem) {
            logger.critical("The lane stops.", metadata: ["problem": "\(problem)"])
            report(.stopped(problem))
            giveUpWaiting()
        }
    }

    /// A connection that has seen a token expire takes none any more, not even a new one.
    private func renewToken(for request: PendingRequest, refusedOn connection: ConnectionHandler) {
        guard connection.firstIssueTime == request.issueTime else { return resend(request) }
        switch authorization.expired(request.issueTime, at: clock.now) {
        case .renewed: resend(request)
        case .wait(let until):
            let problem = LaneProblem.credentials(
                "\(APNsReason.expiredProviderToken.rawValue), although the token is new: check this machine's clock")
            refuse(request, problem)
            suspend(problem, for: .seconds(max(until - clock.now.milliseconds / 1000, 60)))
        }
    }

    private func resend(_ request: PendingRequest) {
        guard isOpen else { return giveUp(request) }
        waiting.prepend(request)
    }

    private func resend(_ request: PendingRequest, after delay: TimeAmount, at now: NIODeadline) {
        guard isOpen, now + delay < request.deadline else { return giveUp(request) }
        waiting.append(request, due: now + delay)
    }

    private func finish(_ request: PendingRequest, _ outcome: APNsOutcome) {
        metrics.count(outcome)
        request.finish(outcome)
    }

    /// The lane's problem keeps it from being sent. Whether an earlier attempt had success is as unknown as before.
    private func refuse(_ request: PendingRequest, _ problem: LaneProblem) {
        finish(request, request.fallback == .unknown ? .unknown : .refused(problem))
    }

    /// There will be no further attempt.
    private func giveUp(_ request: PendingRequest) {
        if let problem = gate.problem {
            refuse(request, problem)
        } else {
            finish(request, request.fallback)
        }
    }

    private func giveUpWaiting() {
        for request in waiting.removeAll() { giveUp(request) }
        updateInbox()
    }

    // MARK: The lane's state

    private func suspend(_ problem: LaneProblem, for time: TimeAmount? = nil) {
        let now = clock.uptime
        guard let until = gate.suspend(problem, for: time, at: now) else { return }
        logger.error("The lane is suspended.", metadata: ["problem": "\(problem)"])
        report(.suspended(problem, until: wallClock(until)))
        giveUpWaiting()
    }

    private func didReopen() {
        logger.notice("The lane takes notifications again.")
        updateInbox()
        report(.resumed)
    }

    private func report(_ kind: APNsEvent.Kind) {
        onEvent(APNsEvent(lane: lane.name, kind: kind))
    }

    // MARK: Connections

    private func considerDialing(at now: NIODeadline) {
        guard isOpen, let readySince = waiting.readySince else { return }
        if let expiry = authorization.certificateExpiry, expiry <= clock.now {
            return suspend(.certificateExpired(expiry))
        }
        connections.consider(readySince: readySince, at: now, for: self)
    }

    func connectionIsReady(_ connection: ConnectionHandler) {
        connections.didBecomeReady()
        if isUnreachable { report(.resumed) }
        isUnreachable = false
        logger.debug("A connection is ready.", metadata: ["address": "\(connection.address)"])
    }

    /// A connection could not be opened.
    /// - Parameters:
    ///   - connection: nil if it did not even come to have an address.
    ///   - error: nil if it was not needed any more.
    func connectionFailed(_ connection: ConnectionHandler?, _ error: (any Error)?) {
        let retryAt = wallClock(connections.didFail(connection))
        if let error, !isStopping {
            let reason = ConnectionError.reason(error)
            logger.warning(
                "No connection to APNs.", metadata: ["host": "\(lane.endpoint.host)", "reason": "\(reason)"])
            report(.connectionFailed(reason, retryAt: retryAt))
            isUnreachable = true
        }
        finishStopping()
    }

    func receivedGoAway(
        _ connection: ConnectionHandler, refused: [ConnectionState<PendingRequest>.Ending], reason: String?,
        at now: NIODeadline
    ) {
        logger.info(
            "APNs ends a connection.", metadata: ["reason": "\(reason ?? "none")", "resent": "\(refused.count)"])
        if let reason, APNsReason(rawValue: reason)?.verdict == .credentials { suspend(.credentials(reason)) }
        for ending in refused.reversed() { settle(ending, on: connection, at: now) }
    }

    func connectionClosed(
        _ connection: ConnectionHandler, _ endings: [ConnectionState<PendingRequest>.Ending], _ error: (any Error)?
    ) {
        let now = clock.uptime
        connections.remove(connection)
        if let error {
            logger.info("A connection is lost.", metadata: ["reason": "\(ConnectionError.reason(error))"])
        }
        for ending in endings.reversed() { settle(ending, on: connection, at: now) }
        fill()
        considerDialing(at: now)
        finishStopping()
    }

    // MARK: Time

    private func scheduleTick() {
        guard !hasTicker else { return }
        hasTicker = true
        eventLoop.scheduleTask(in: limits.tick) { self.tick() }
    }

    private func tick() {
        hasTicker = false
        let now = clock.uptime
        if gate.reopen(at: now) { didReopen() }
        connections.tick(at: now)
        for request in waiting.advance(to: now) { giveUp(request) }
        fill()
        considerDialing(at: now)
        recordGauges()
        if isStopping, now >= stopsAt { connections.closeAll() }
        finishStopping()
        let isNeeded = !isStopping && (waiting.count > 0 || gate.isSuspended)
        if isNeeded || !connections.isEmpty { scheduleTick() }
    }

    private func recordGauges() {
        metrics.waiting.record(waiting.count)
        recordCertificate()
    }

    /// From 30 days before its end on, the certificate is spoken of once a day.
    private func recordCertificate() {
        guard let expiry = authorization.certificateExpiry else { return }
        let days = (expiry.milliseconds - clock.now.milliseconds) / 86_400_000
        metrics.certificateDays.record(days)
        guard days < Self.warningDays, days != warnedDays else { return }
        warnedDays = days
        logger.warning(
            "the APNs certificate ends soon: make a new one, and add it with `apus credential add apns`",
            metadata: ["days": "\(days)", "ends": "\(expiry.rfc3339)"])
    }

    private func finishStopping() {
        if let stopping, connections.isEmpty { stopping.succeed() }
    }

    private func wallClock(_ deadline: NIODeadline) -> Timestamp {
        clock.now.adding(milliseconds: (deadline - clock.uptime).nanoseconds / 1_000_000)
    }
}
