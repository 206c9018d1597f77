package import Logging
package import NIOCore
import Synchronization

/// Writes the audit, as a part of the commits whose acts it tells of.
///
/// Acts of administration have an entry each. Sends are too many for that: they are counted by app, sender and address,
/// and one entry tells of those of some minutes. What a crash kept from being written is counted again from the messages.
package final class AuditBook: Sendable {
    private let seals: AuditSeals
    private let sendInterval: TimeAmount?
    private let ledger: Mutex<SendLedger>
    private let logger: Logger

    /// - Parameter sendInterval: how long sends are counted before an entry tells of them; nil for no entries of sends.
    package init(seals: AuditSeals, sendInterval: TimeAmount?, logger: Logger) {
        self.seals = seals
        self.sendInterval = sendInterval
        self.logger = logger
        ledger = Mutex(SendLedger(interval: sendInterval ?? .zero))
    }

    var countsSends: Bool { sendInterval != nil }

    // MARK: Writing

    func append(_ act: AuditAct, to transaction: any StoreTransaction, at now: Timestamp) throws {
        try append([act], upTo: nil, to: transaction, at: now)
    }

    /// Writes what was sent and is due. `committed` is to be called once that is on disk.
    func appendSends(
        to transaction: any StoreTransaction, at now: Timestamp, uptime: NIODeadline, everything: Bool
    ) throws {
        guard countsSends else { return }
        let sums = ledger.withLock { $0.write(at: uptime, everything: everything) }
        guard !sums.isEmpty else { return }
        let acts = sums.sorted { $0.value.first < $1.value.first }.map { key, sum in
            Self.act(key.appID, by: key.origin, sum)
        }
        try append(acts, upTo: sums.values.map(\.last).max(), to: transaction, at: now)
    }

    /// Counts what a commit accepted.
    func committed(_ sends: [CommitOutcome.Sent], at uptime: NIODeadline) {
        guard countsSends else { return }
        ledger.withLock { ledger in
            ledger.committed()
            for sent in sends {
                ledger.count(
                    sent.message, deliveries: sent.deliveries,
                    SendLedger.Key(origin: sent.origin.ofNetwork, appID: sent.appID), at: uptime)
            }
        }
    }

    private static func act(
        _ appID: String, by origin: Origin, _ sum: SendLedger.Sum, isRecovered: Bool = false
    ) -> AuditAct {
        AuditAct("send", appID, by: origin) { details in
            details.member("messages", int: Int64(sum.messages))
            details.member("deliveries", int: isRecovered ? nil : Int64(sum.deliveries))
            details.member("first", string: sum.first.description)
            details.member("last", string: sum.last.description)
            details.member("recovered", bool: isRecovered ? true : nil)
        }
    }

    /// - Parameter message: the last message that the entries account for; nil if they are not about messages.
    private func append(
        _ acts: [AuditAct], upTo message: MessageID?, to transaction: any StoreTransaction, at now: Timestamp,
        leavingGaps: Bool = true
    ) throws {
        guard !acts.isEmpty else { return }
        let head = try transaction.auditHead()
        var last = try transaction.lastAuditEntry()?.position ?? .start
        // If somebody changed the end, a gap stays to be seen.
        let isWhole = !leavingGaps || head.map { seals.holds($0, for: last) } ?? false
        let end = max(head?.sequence ?? 0, last.sequence) + (isWhole ? 0 : 1)
        for (offset, act) in acts.enumerated() {
            let entry = seals.entry(act, sequence: end + Int64(offset) + 1, at: now, after: last.seal)
            try transaction.append(entry)
            last = entry.position
        }
        let accounted = try max(message ?? .zero, head?.message ?? transaction.lastMessage())
        try transaction.setAuditHead(seals.head(last, message: accounted))
    }

    // MARK: At the start

    /// To be called once, for a store that never had an audit.
    package func begin(in transaction: any StoreTransaction) throws {
        try transaction.setAuditHead(seals.head(.start, message: transaction.lastMessage()))
    }

    /// To be called once, for a store whose seals were made with a key that is lost: it can be verified from here on.
    package func beginAnew(in transaction: any StoreTransaction, at now: Timestamp) throws {
        let act = AuditAct(AuditAct.keyReplacement, "", by: Origin(.server))
        try append([act], upTo: nil, to: transaction, at: now, leavingGaps: false)
    }

    /// Says whether the end is as it was left, and writes what a crash kept from being written.
    package func load(_ dispatcher: Dispatcher) async throws {
        let (head, last) = try await dispatcher.query { (try $0.auditHead(), try $0.lastAuditEntry()) }
        do {
            var verifier = AuditVerifier(seals)
            verifier.assume(last?.position ?? .start)
            try verifier.finish(head)
            logger.info("the audit is open", metadata: ["head": .stringConvertible(verifier.last)])
        } catch {
            logger.error("the audit was changed: run apus audit verify", metadata: ["reason": "\(error)"])
        }
        guard let head else { return }
        let now = dispatcher.clock.now
        try await dispatcher.update { [self] transaction in
            let (counting, act) = (AuditAct.counting(true), AuditAct.counting(countsSends))
            let last = try counting.last(in: transaction) ?? counting
            // What was sent while nobody counted stays uncounted: some of it may be removed already.
            let lost = last == counting ? try transaction.messagesByApp(after: head.message) : []
            var acts = lost.map { found in
                Self.act(
                    found.appID, by: Origin(.server),
                    SendLedger.Sum(messages: found.messages, first: found.first, last: found.last), isRecovered: true)
            }
            if last != act { acts.append(act) }
            try append(acts, upTo: transaction.lastMessage(), to: transaction, at: now)
        }
    }

    /// Has the audit say which token the configuration has, unless that is what it said last.
    /// - Parameter token: its hash; nil if there is none.
    func noteConfigured(_ token: SecretHash?, _ dispatcher: Dispatcher) async throws {
        let act = AuditAct.configuring(token.map { seals.fingerprint(of: $0) })
        _ = try await dispatcher.update(noting: { isNew in isNew ? act : nil }) { transaction in
            try act.last(in: transaction) ?? .configuring(nil) != act
        }
    }

    // MARK: Verifying

    private static let page = 500

    /// Looks at every entry.
    /// - Parameter expected: an entry that somebody kept the seal of.
    /// - Returns: which entries hold.
    /// - Throws: `AuditVerifier.Fault` for the first that is not as it was written.
    package func verify(
        _ dispatcher: Dispatcher, expecting expected: AuditPosition?
    ) async throws -> AuditVerifier {
        var verifier = AuditVerifier(seals, expecting: expected)
        let (head, end) = try await dispatcher.query { (try $0.auditHead(), try $0.lastAuditEntry()?.sequence ?? 0) }
        while true {
            let after = verifier.last.sequence
            guard after < end else { break }
            let entries = try await dispatcher.query { try $0.auditEntries(after: after, limit: Self.page) }
            for entry in entries where entry.sequence <= end { try verifier.take(entry) }
            if entries.isEmpty { break }
        }
        try verifier.finish(head)
        return verifier
    }
}
