/// One entry of the audit. Each is sealed together with the one before it.
package struct AuditEntry: Sendable, Equatable {
    /// From 1, without gaps.
    package let sequence: Int64
    package let at: Timestamp
    package let act: AuditAct
    /// The seal of the entry before; zeros for the first.
    package let previous: [UInt8]
    package let seal: [UInt8]

    package init(sequence: Int64, at: Timestamp, act: AuditAct, previous: [UInt8], seal: [UInt8]) {
        self.sequence = sequence
        self.at = at
        self.act = act
        self.previous = previous
        self.seal = seal
    }

    package var position: AuditPosition { AuditPosition(sequence: sequence, seal: seal) }
}

/// An entry by its number and seal: what to keep elsewhere in order to know later that nothing up to it was changed.
package struct AuditPosition: Sendable, Equatable, CustomStringConvertible {
    package let sequence: Int64
    package let seal: [UInt8]

    package init(sequence: Int64, seal: [UInt8]) {
        self.sequence = sequence
        self.seal = seal
    }

    /// Before the first entry.
    static let start = AuditPosition(sequence: 0, seal: AuditSeals.none)

    /// - Returns: nil if it is not a number, a colon and 64 digits of base 16.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ":")
        guard parts.count == 2, let sequence = Int64(parts[0]), sequence > 0, let seal = Hex.decode(parts[1]),
            seal.count == AuditSeals.length
        else { return nil }
        self.init(sequence: sequence, seal: seal)
    }

    package var description: String { "\(sequence):\(Hex.encode(seal))" }
}

/// Which entry is the last, sealed, so that the end of the audit cannot be cut off unseen.
package struct AuditHead: Sendable, Equatable {
    package let sequence: Int64
    package let seal: [UInt8]
    /// The last message that entries account for.
    package let message: MessageID

    package init(sequence: Int64, seal: [UInt8], message: MessageID) {
        self.sequence = sequence
        self.seal = seal
        self.message = message
    }
}

/// Which entries somebody wants to see.
package struct AuditFilter: Sendable {
    package var since: Timestamp?
    /// An act's name, or the part before its dot.
    package var act: String?
    package var actor: String?

    package init(since: Timestamp? = nil, act: String? = nil, actor: String? = nil) {
        self.since = since
        self.act = act
        self.actor = actor
    }
}
