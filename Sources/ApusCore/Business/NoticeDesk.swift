import CoreMetrics
import Logging
import Synchronization

/// Hands SMS and e-mail to their senders, and writes what became of them.
///
/// What a sender has is marked before it has it. If the server then stops, the notice is sent again and marked as one
/// that may arrive twice; senders are given the same key for both.
final class NoticeDesk: Sendable {
    private let dispatcher: Dispatcher
    private let senders: [any NotificationSender]
    private let logger: Logger
    private let underWay = Mutex<[NotificationMode: [AppNumber: Int]]>([:])
    private let onFinish = Mutex<(@Sendable () -> Void)?>(nil)

    /// Notices that a sender has at a time.
    private static let atOnce = 64
    /// Those of one app: if its service does not answer, others' notices go on.
    private static let ofEachApp = 32
    /// How often a notice is tried.
    private static let mostAttempts: Int64 = 8
    private static let retryDelay = RetryDelay(shortest: 30, longest: 3600)
    /// Seconds that a service may ask for: a day.
    private static let longestAsked: Int64 = 86_400

    init(dispatcher: Dispatcher, senders: [any NotificationSender], logger: Logger) {
        self.dispatcher = dispatcher
        self.senders = senders
        self.logger = logger
    }

    func serves(_ mode: NotificationMode, _ app: AppNumber) -> Bool {
        senders.contains { $0.mode == mode && $0.serves(app) }
    }

    /// Called when a sender has answered, so that it can be given more.
    var finished: (@Sendable () -> Void)? {
        get { onFinish.withLock { $0 } }
        set { onFinish.withLock { $0 = newValue } }
    }

    /// Takes up what the last run of the server left.
    func recover() async {
        do {
            let count = try await dispatcher.update { try $0.releaseInterruptedNotices() }
            guard count > 0 else { return }
            logger.warning("notices were with their senders when the server stopped", metadata: ["count": "\(count)"])
        } catch {
            logger.error("notices cannot be taken up again", metadata: ["error": "\(error)"])
        }
    }

    /// Gives each sender what is due and it can take.
    func send() async throws {
        for sender in senders {
            let underWay = underWay.withLock { $0[sender.mode] ?? [:] }
            let room = Self.atOnce - underWay.values.reduce(0, +)
            guard room > 0 else { continue }
            let now = dispatcher.clock.now
            let notices = try await dispatcher.update {
                try $0.claimNotices(sender.mode, at: now, limit: room) { Self.ofEachApp - underWay[$0, default: 0] }
            }
            for notice in notices { submit(notice, to: sender) }
        }
    }

    private func submit(_ notice: Notice, to sender: any NotificationSender) {
        underWay.withLock { $0[sender.mode, default: [:]][notice.app, default: 0] += 1 }
        let outgoing = OutgoingNotification(
            key: notice.key, app: notice.app, receiver: notice.address, title: notice.title, text: notice.text,
            extra: notice.extra)
        let isTaken = sender.submit(outgoing) { [self] outcome in
            Task { await settle(notice, outcome) }
        }
        guard !isTaken else { return }
        Task { await settle(notice, .putOff(reason: "the sender is busy", afterSeconds: 1)) }
    }

    private func settle(_ notice: Notice, _ outcome: NotificationOutcome) async {
        let now = dispatcher.clock.now
        let (settled, reason) = Self.settled(notice, outcome, now)
        while true {
            do {
                try await dispatcher.update { try Self.write(settled, reason, $0, now) }
                dispatcher.metrics.count(settled.state)
                break
            } catch {
                // Written as being sent, it would wait for the next start of the server.
                logger.error("what became of a notice cannot be written", metadata: ["error": "\(error)"])
                guard !dispatcher.stopping else { break }
                try? await Task.sleep(for: .seconds(1))
            }
        }
        underWay.withLock { underWay in
            let rest = underWay[notice.mode, default: [:]][notice.app, default: 1] - 1
            underWay[notice.mode, default: [:]][notice.app] = rest > 0 ? rest : nil
        }
        finished?()
    }

    /// What a notice is after a sender's answer.
    static func settled(
        _ notice: Notice, _ outcome: NotificationOutcome, _ now: Timestamp
    ) -> (Notice, reason: String) {
        var settled = notice
        let pause = retryDelay.seconds(after: Int(notice.attempts))
        switch outcome {
        case .accepted(let reference):
            settled.state = .sent
            return (settled, reference)
        case .refused(let reason):
            settled.state = .failed
            return (settled, reason)
        case .later(let reason, let seconds):
            settled.state = notice.attempts < mostAttempts ? .waiting : .failed
            // What a service asks for is the least: a short pause would use up all attempts within a short trouble.
            settled.notBefore = now.adding(seconds: max(pause, min(seconds ?? 0, longestAsked)))
            return (settled, reason)
        case .putOff(let reason, let seconds):
            settled.state = .waiting
            settled.attempts -= 1
            settled.notBefore = now.adding(seconds: seconds)
            return (settled, reason)
        case .unknown(let reason):
            settled.state = notice.attempts < mostAttempts ? .waiting : .failed
            settled.notBefore = now.adding(seconds: pause)
            settled.mayBeRepeated = true
            return (settled, reason)
        }
    }

    private static func write(
        _ settled: Notice, _ reason: String, _ transaction: any StoreTransaction, _ now: Timestamp
    ) throws {
        var notice = settled
        notice.reason = reason
        // Somebody confirmed while the sender had it.
        if notice.state == .waiting, notice.row < 0, try transaction.isStopped(step: -notice.row) {
            notice.state = .cancelled
        }
        try transaction.update(notice)
        guard var row = try transaction.centreRow(notice.row), notice.state != .waiting else { return }
        if notice.state == .failed {
            try transaction.insert(
                DeadLetter(
                    row: row.id, mode: row.mode, title: row.title, userNumber: notice.userNumber, reason: reason,
                    attempts: notice.attempts, at: now))
            row.extendRemark("\(notice.userNumber) failed: \(reason)")
        } else if notice.mayBeRepeated {
            row.extendRemark("\(notice.userNumber) may have got it twice")
        }
        // Set back meanwhile, it is acted on again whatever became of this.
        if row.state != .waiting { row.settle(try transaction.notices(of: row.id), as: notice.mode) }
        try transaction.setState(of: row, at: now)
    }
}
