extension MessageCentre {
    /// Tries again what could not be delivered, with what the users' table and the row say now.
    /// - Parameter act: what the audit says of it.
    /// - Returns: the letter, which is gone.
    /// - Throws: `ApusError` if there is no such letter.
    package func replay(_ id: Int64, noting act: AuditAct? = nil) async throws -> DeadLetter {
        let now = dispatcher.clock.now
        let letter = try await dispatcher.update(noting: { _ in act }) { transaction in
            guard let letter = try transaction.removeDeadLetter(id), var row = try transaction.centreRow(letter.row)
            else { throw ApusError.unknownDeadLetter }
            try Self.revive(&row, for: letter.userNumber, transaction)
            try transaction.setState(of: row, at: now)
            return letter
        }
        wake()
        return letter
    }

    private static func revive(
        _ row: inout CentreRow, for number: String?, _ transaction: any StoreTransaction
    ) throws {
        guard let number, var notice = try transaction.notice(of: row.id, user: number) else {
            (row.state, row.result) = (.waiting, nil)
            return
        }
        if let user = try transaction.user(number) { notice.address = notice.mode == .sms ? user.mobile : user.email }
        notice.state = .waiting
        notice.attempts = 0
        notice.notBefore = Timestamp(milliseconds: 0)
        try transaction.insert([notice])
        (row.state, row.result) = (.claimed, nil)
    }
}

extension ApusError {
    package static let unknownDeadLetter = ApusError(
        .notFound, code: "unknown_dead_letter", "There is no dead letter with this id.")
}
