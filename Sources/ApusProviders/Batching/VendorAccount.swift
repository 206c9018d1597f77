import ApusCore
import Logging
import NIOCore
import Synchronization

/// One credential of an app at work: batches deliveries, and sends the batches as its gate lets them.
final class VendorAccount<V: Vendor>: Sendable {
    enum Submission {
        case taken
        /// There is no room at the moment.
        case full
        /// Nothing is sent for a while, for a reason that people understand.
        case closed(String)
    }

    private struct State {
        var batcher: DeliveryBatcher
        var gate: VendorGate
        var deaths = TokenDeathGuard()
        var isStopped = false
        /// Somebody is in `proceed`, and whether it is to look again.
        var isProceeding = false
        var mustLookAgain = false
        var wakesAt: NIODeadline?
    }

    private enum Next {
        case send(VendorBatch)
        case nothing(wakeAt: NIODeadline?)
    }

    let credential: Credential
    let vendor: V
    private let http: OutgoingHTTP
    private let eventLoop: any EventLoop
    private let clock: any Clock
    private let logger: Logger
    private let tokens = AccessTokens()
    private let state: Mutex<State>

    init(
        _ vendor: V, _ credential: Credential, http: OutgoingHTTP, eventLoop: any EventLoop, clock: any Clock,
        logger: Logger
    ) {
        self.vendor = vendor
        self.credential = credential
        self.http = http
        self.eventLoop = eventLoop
        self.clock = clock
        self.logger = logger
        state = Mutex(
            State(
                batcher: DeliveryBatcher(limit: V.batchLimit, capacity: max(V.batchLimit * 2, 1000)),
                gate: VendorGate(limit: V.requestLimit, requestsPerMinute: vendor.requestsPerMinute)))
    }

    var problem: String? { state.withLock { $0.gate.problem ?? $0.deaths.problem } }

    func submit(_ pending: BatchedDelivery) -> Submission {
        let now = clock.uptime
        let isAlone = vendor.sendsAlone(pending.delivery.token)
        let submission = state.withLock { state -> Submission in
            guard !state.isStopped else { return .full }
            guard state.gate.opensAgain(at: now) == nil else { return .closed(state.gate.problem ?? "") }
            return state.batcher.add(pending, isAlone: isAlone, at: now) ? .taken : .full
        }
        if case .taken = submission { proceed() }
        return submission
    }

    /// Takes no more, and gives back what was not sent.
    func stop() {
        let held = state.withLock { state in
            state.isStopped = true
            return state.batcher.removeAll()
        }
        for batch in held { giveBack(batch, "The credential is not used any more, or the server is stopping.") }
    }

    // MARK: Sending

    /// Sends what can be sent. Whoever comes meanwhile leaves the rest to the first, so that a long row of batches that
    /// end at once is not a deep one.
    private func proceed() {
        let isFirst = state.withLock { state in
            guard !state.isProceeding else {
                state.mustLookAgain = true
                return false
            }
            state.isProceeding = true
            return true
        }
        guard isFirst else { return }
        while true {
            switch state.withLock({ next(&$0) }) {
            case .send(let batch): send(batch)
            case .nothing(let wakeAt):
                if let wakeAt { wake(at: wakeAt) }
                let isDone = state.withLock { state in
                    defer { state.mustLookAgain = false }
                    state.isProceeding = state.mustLookAgain
                    return !state.mustLookAgain
                }
                if isDone { return }
            }
        }
    }

    private func next(_ state: inout State) -> Next {
        let now = clock.uptime
        guard !state.isStopped, let due = state.batcher.nextDue else { return .nothing(wakeAt: nil) }
        guard due <= now else { return .nothing(wakeAt: due) }
        switch state.gate.admit(at: now) {
        case .full: return .nothing(wakeAt: nil)
        case .wait(let until): return .nothing(wakeAt: until)
        case .send:
            guard let batch = state.batcher.next(at: now) else {
                state.gate.abandoned()
                return .nothing(wakeAt: nil)
            }
            return .send(batch)
        }
    }

    private func wake(at deadline: NIODeadline) {
        let isNew = state.withLock { state in
            if let wakesAt = state.wakesAt, wakesAt <= deadline { return false }
            state.wakesAt = deadline
            return true
        }
        guard isNew else { return }
        eventLoop.scheduleTask(in: max(.milliseconds(1), deadline - clock.uptime)) { [self] in
            state.withLock { $0.wakesAt = nil }
            proceed()
        }
    }

    private func send(_ batch: VendorBatch) {
        let now = clock.now
        guard batch.message.expiresAt > now else {
            // The outbox knows what becomes of it.
            let code = "\(V.route.rawValue).too_late"
            return notSent(batch, .later(at: now), code: code, "It expired while it waited.")
        }
        do throws(ApusError) {
            run(try vendor.send(batch, at: now)) { self.finished(batch, $0) }
        } catch {
            notSent(batch, .refused, code: error.code, error.message)
        }
    }

    /// There was nothing to ask the vendor.
    private func notSent(_ batch: VendorBatch, _ result: VendorOutcome.Result, code: String, _ detail: String) {
        state.withLock { $0.gate.abandoned() }
        settle(batch, .all(batch, result, code: code, detail: detail))
        proceed()
    }

    /// Goes on step by step until there is an answer.
    func run<Answer>(_ step: VendorStep<Answer>, _ completion: @escaping @Sendable (Answer) -> Void) {
        switch step {
        case .finish(let answer): completion(answer)
        case .send(let request, let then): http.send(request) { self.run(then($0), completion) }
        case .authorize(let old, let then):
            let now = clock.now
            tokens.get(replacing: old, at: now) {
                self.run(then($0), completion)
            } fetch: { fetched in
                run(vendor.token(at: now), fetched)
            }
        }
    }

    // MARK: Outcomes

    private func finished(_ batch: VendorBatch, _ answer: VendorAnswer) {
        let now = clock.uptime
        let (held, problem) = state.withLock { state -> ([VendorBatch], String?) in
            let before = state.gate.problem
            state.gate.finished(answer.trouble, at: now)
            if case .split = answer, let (first, second) = batch.halves { state.batcher.putBack([first, second]) }
            let after = state.gate.problem
            let isClosed = state.isStopped || state.gate.opensAgain(at: now) != nil
            return (isClosed ? state.batcher.removeAll() : [], after == before ? nil : after)
        }
        if let problem {
            logger.warning(
                "a vendor does not take messages",
                metadata: [
                    "app": "\(credential.appID)", "vendor": "\(V.route.rawValue)", "credential": "\(vendor.name)",
                    "why": "\(problem)",
                ])
        }
        settle(batch, answer)
        for batch in held { giveBack(batch, "The vendor takes nothing at the moment.") }
        proceed()
    }

    private func settle(_ batch: VendorBatch, _ answer: VendorAnswer) {
        switch answer {
        case .settled(let outcomes):
            let (later, now) = (clock.now.adding(seconds: batch.retryDelay), clock.uptime)
            let outcomes = state.withLock { $0.deaths.checked(outcomes, later: later, at: now) }
            for (pending, outcome) in zip(batch.deliveries, outcomes) { pending.completion(outcome) }
            for pending in batch.deliveries.dropFirst(outcomes.count) {
                pending.completion(
                    VendorOutcome(
                        .unknown, code: "\(V.route.rawValue).unknown", detail: "The vendor's answer does not name it."))
            }
        case .split(let outcome):
            if batch.count == 1 { settle(batch, .settled([outcome])) }
        case .busy(_, let detail), .credential(let detail):
            giveBack(batch, detail)
        case .failing(let code, let detail):
            let seconds = batch.retryDelay
            settle(
                batch,
                .all(
                    batch, .later(at: clock.now.adding(seconds: seconds)), code: code,
                    detail: "\(detail) It is tried again in \(seconds) seconds."))
        case .unanswered(let code, let detail):
            settle(batch, .all(batch, .unknown, code: code, detail: detail))
        }
    }

    /// It was not sent, and nothing else is for a while.
    private func giveBack(_ batch: VendorBatch, _ why: String) {
        settle(batch, .all(batch, .putOff, code: "\(V.route.rawValue).held_up", detail: why))
    }
}
