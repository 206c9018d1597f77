/// Finds the first entry of an audit that is not as it was written.
package struct AuditVerifier {
    /// What is wrong, and from which entry on nothing is certain.
    package struct Fault: Error, Sendable, Equatable, CustomStringConvertible {
        package let sequence: Int64
        package let description: String

        init(_ sequence: Int64, _ description: String) {
            self.sequence = sequence
            self.description = description
        }
    }

    private let seals: AuditSeals
    private let expected: AuditPosition?
    /// The last entry that was taken.
    package private(set) var last = AuditPosition.start
    /// The first entry that could be verified: what stands before it was sealed with a key file that was replaced.
    package private(set) var since: Int64 = 1
    /// The first that is wrong. A later entry that says that the key file was replaced is what takes it back.
    private var fault: Fault?

    /// - Parameter expected: an entry that somebody kept the seal of; nil if nobody did.
    package init(_ seals: AuditSeals, expecting expected: AuditPosition? = nil) {
        self.seals = seals
        self.expected = expected
    }

    /// Takes an entry's word for all that stands before it.
    mutating func assume(_ position: AuditPosition) {
        last = position
    }

    /// Looks at the next entry.
    /// - Throws: if it is not the one that was kept.
    package mutating func take(_ entry: AuditEntry) throws(Fault) {
        do throws(Fault) {
            try check(entry)
            if entry.act.name == AuditAct.keyReplacement { (fault, since) = (nil, entry.sequence) }
        } catch {
            fault = fault ?? error
        }
        last = entry.position
        if let expected, expected.sequence == entry.sequence, expected.seal != entry.seal {
            throw fault ?? Fault(entry.sequence, "entry \(entry.sequence) is not the one that was kept")
        }
    }

    private func check(_ entry: AuditEntry) throws(Fault) {
        let next = last.sequence + 1
        guard entry.sequence == next else {
            throw Fault(next, "entry \(next) is missing; the next one that there is is \(entry.sequence)")
        }
        let seal = seals.seal(entry.act, sequence: next, at: entry.at, after: last.seal)
        guard ConstantTime.isEqual(entry.seal, seal), entry.previous == last.seal else {
            throw Fault(next, "entry \(next) is not as it was written, or was sealed with another key file")
        }
    }

    /// Looks at the end, once all entries were taken.
    /// - Throws: the first that is wrong.
    package func finish(_ head: AuditHead?) throws(Fault) {
        if let fault { throw fault }
        let end = last.sequence
        if let expected, expected.sequence > end {
            throw Fault(end + 1, "entry \(end + 1) and those behind it up to the one that was kept are missing")
        }
        guard let head else {
            throw Fault(end + 1, "nothing says whether entry \(end) is the last: the head is missing")
        }
        guard head.sequence <= end else {
            throw Fault(end + 1, "entries \(end + 1) to \(head.sequence) are missing at the end")
        }
        guard seals.holds(head, for: last) else {
            throw Fault(end + 1, "what says that entry \(end) is the last was not written by this server")
        }
    }
}
