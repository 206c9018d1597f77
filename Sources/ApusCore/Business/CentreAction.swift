/// Acts on one row of the message centre, inside the commit that marks it.
struct CentreAction {
    let app: App?
    let settings: BusinessSettings
    /// Whether there is a sender for an app's SMS or e-mail.
    let serves: (NotificationMode, AppNumber) -> Bool
    let now: Timestamp

    /// Bytes of an SMS or e-mail, of which a copy is kept for each receiver.
    private static let largestNotice = 64 << 10

    /// Never throws for what is wrong with the row: that is written into it.
    func run(
        _ row: CentreRow, _ transaction: any StoreTransaction, _ send: (PushRequest) throws -> Acceptance
    ) throws {
        var row = row
        try transaction.removeDeadLetters(of: row.id)
        do {
            guard let mode = NotificationMode(rawValue: row.mode.trimmed.lowercased()) else {
                throw ApusError(
                    .invalid, code: "unknown_mode",
                    "notify_mode is \"\(row.mode)\"; it must be push, sms or email.")
            }
            if mode == .push {
                try push(&row, transaction, send)
            } else {
                try notify(&row, mode, transaction)
            }
        } catch let error as ApusError {
            row.state = .failed
            row.result = error.message
        }
        try transaction.setState(of: row, at: now)
        guard row.state == .failed else { return }
        try transaction.insert(
            DeadLetter(
                row: row.id, mode: row.mode, title: row.title, userNumber: nil, reason: row.result ?? "",
                attempts: 1, at: now))
    }

    private func requiredApp() throws(ApusError) -> App {
        guard let app else {
            throw ApusError(
                .invalid, code: "unknown_app",
                "There is no app \(settings.appID): make it with `apus app create NAME --id \(settings.appID)`, "
                    + "or name another by business.app.")
        }
        return app
    }

    private func push(
        _ row: inout CentreRow, _ transaction: any StoreTransaction, _ send: (PushRequest) throws -> Acceptance
    ) throws {
        let draft = try PushDraft(
            app: try requiredApp(), receivers: row.receivers, title: row.title, content: row.content,
            extra: row.extra, settings: settings)
        let result = try draft.send(transaction, sendsToNobody: false, at: now, send)
        guard let push = result.push else { throw Self.nobody(result.missed) }
        row.state = .done
        row.result = "push_message#\(push)"
        row.addRemark(MissedReceiver.text(result.missed))
    }

    private func notify(
        _ row: inout CentreRow, _ mode: NotificationMode, _ transaction: any StoreTransaction
    ) throws {
        let receivers = ReceiverList(row.receivers)
        try PushDraft.check(receivers)
        let extra = try ExtraParameters(row.extra)
        let size = row.title.utf8.count + row.content.utf8.count + (row.extra ?? "").utf8.count
        guard size <= Self.largestNotice else {
            throw ApusError(
                .tooLarge, code: "payload_too_large",
                "title, content and extra_params_string have \(size) bytes together; an SMS or e-mail may have "
                    + "\(Self.largestNotice).")
        }
        let app = try requiredApp()
        guard serves(mode, app.number) else {
            throw ApusError(
                .invalid, code: "no_sender",
                "no \(mode.name) sender is configured: Documentation/business.md says how to add one.")
        }
        var missed: [MissedReceiver] = []
        var notices: [Notice] = []
        for number in receivers.numbers {
            guard let user = try transaction.user(number) else {
                missed.append(MissedReceiver(number, .unknown))
                continue
            }
            let address = (mode == .sms ? user.mobile : user.email).trimmed
            if !user.isActive {
                missed.append(MissedReceiver(number, .inactive))
            } else if address.isEmpty {
                missed.append(MissedReceiver(number, mode == .sms ? .withoutMobile : .withoutEmail))
            } else {
                notices.append(
                    Notice(
                        row: row.id, userNumber: number, mode: mode, address: address, title: row.title,
                        text: row.content, extra: extra.text, app: app.number, level: row.level))
            }
        }
        guard !notices.isEmpty else { throw Self.nobody(missed) }
        try transaction.insert(notices)
        // Of a row that is acted on again, those who got it already do not get it once more.
        let counts = try transaction.notices(of: row.id)
        row.settle(counts, as: mode)
        row.addRemark(MissedReceiver.text(missed))
    }

    private static func nobody(_ missed: [MissedReceiver]) -> ApusError {
        ApusError(.invalid, code: "nobody_reached", "nobody could be reached: \(MissedReceiver.text(missed))")
    }
}

extension CentreRow {
    /// The state of a row whose notices stand like this.
    mutating func settle(_ counts: NoticeCounts, as mode: NotificationMode) {
        guard counts.open == 0 else {
            (state, result) = (.claimed, nil)
            return
        }
        state = counts.sent > 0 ? .done : .failed
        result = "\(mode.rawValue): \(counts.sent) sent, \(counts.failed) failed"
    }

    private static let mark = "Apus: "

    /// Puts what Apus has to say behind what an operator wrote, in place of what Apus said before.
    mutating func addRemark(_ text: String) {
        var lines = (remark ?? "").split(separator: "\n").filter { !$0.hasPrefix(Self.mark) }.map(String.init)
        if !text.isEmpty { lines.append(Self.mark + text) }
        remark = lines.isEmpty ? nil : lines.joined(separator: "\n")
    }

    /// The same, behind what Apus said before.
    mutating func extendRemark(_ text: String) {
        let said = (remark ?? "").split(separator: "\n").last { $0.hasPrefix(Self.mark) }
            .map { String($0.dropFirst(Self.mark.count)) }
        addRemark([said, text].compactMap { $0 }.joined(separator: "; "))
    }
}
