/// Does what is due of one escalation, inside the commit that writes it.
struct EscalationAction {
    /// Whether there is a sender for an app's SMS or e-mail.
    let serves: (NotificationMode, AppNumber) -> Bool
    let providers: [any PushProvider]
    let now: Timestamp
    /// What is to be done and counted once it is on disk.
    var effects = Effects()

    struct Effects: Sendable {
        /// Whose outbox got something, for which app.
        var outboxes: [Route: Set<AppNumber>] = [:]
        var hasNotices = false
        /// What the steps were, and whether they told anybody.
        var steps: [(name: String, toldAnybody: Bool)] = []
        var ends: [Escalation.End] = []
        /// How many people and deliveries that concerned, so that a commit stays short.
        var size = 0
    }

    /// People whom one step tells. A step that would tell more tells nobody.
    private static let mostPeople = 10_000
    /// Recipients of a message among whom those people are looked for.
    private static let mostRecipients = 200_000
    /// Names that an explanation has.
    private static let mostNames = 50
    /// Notices of alarms come first.
    private static let level: Int64 = 10

    mutating func run(
        _ escalation: Escalation, _ transaction: any StoreTransaction, _ send: (PushRequest) throws -> Acceptance
    ) throws {
        switch escalation.action(at: now) {
        case .wait:
            break
        case .end(let end):
            try self.end(escalation, end, transaction)
        case .take(let step):
            // Everything of a message is kept until it has expired.
            guard let record = try transaction.message(escalation.current) else {
                return try self.end(escalation, .expired, transaction)
            }
            switch step.action {
            case .vendor: try askVendors(escalation, transaction)
            case .notice(let mode): try notify(escalation, record, mode, transaction)
            case .persons(let persons): try tell(persons, escalation, record, transaction, send)
            }
        }
    }

    private mutating func end(
        _ escalation: Escalation, _ end: Escalation.End, _ transaction: any StoreTransaction
    ) throws {
        effects.size += try transaction.end(escalation, end, at: now)
        effects.ends.append(end)
    }

    /// Writes what a step achieved, and when the next one is due.
    /// - Returns: what the notices that it makes are known by.
    @discardableResult
    private mutating func finish(
        _ escalation: Escalation, _ transaction: any StoreTransaction, told: Int, nobody code: String = "nobody",
        _ detail: String, child: MessageID? = nil
    ) throws -> Int64 {
        let name = escalation.plan.steps[escalation.next].action.name
        var record = EscalationRecord(
            message: escalation.message, step: escalation.next, at: now,
            code: "escalated.\(told > 0 ? name : code)", detail: detail, child: child)
        record.id = try transaction.insert(record)
        var advanced = escalation
        advanced.advance(toldAnybody: told > 0, child: child, at: now)
        try transaction.update(advanced)
        effects.size += 1 + told
        effects.steps.append((name, told > 0))
        if let end = advanced.end { effects.ends.append(end) }
        return record.noticeRow
    }

    // MARK: Vendors

    private mutating func askVendors(_ escalation: Escalation, _ transaction: any StoreTransaction) throws {
        var told = 0
        var routes: Set<Route> = []
        let serving = providers.filter { $0.serves(escalation.app) }
        for kind in try transaction.openKinds(of: escalation.current) {
            guard let route = serving.first(where: { $0.reaches(kind.platform, kind.vendor) })?.route else { continue }
            let count = try transaction.putIntoOutbox(of: route, escalation.app, escalation.current, kind)
            guard count > 0 else { continue }
            told += count
            routes.insert(route)
            effects.outboxes[route, default: []].insert(escalation.app)
        }
        let names = routes.map(\.rawValue).sorted().joined(separator: ", ")
        try finish(
            escalation, transaction, told: told,
            told > 0
                ? "Handed to \(names) for devices that had not confirmed it: \(told)."
                : "No vendor reaches a device that had not confirmed it, or has it already.")
    }

    // MARK: SMS and e-mail

    private mutating func notify(
        _ escalation: Escalation, _ record: MessageRecord, _ mode: NotificationMode,
        _ transaction: any StoreTransaction
    ) throws {
        var reached = try transaction.recipients(of: escalation.current, limit: Self.mostRecipients)
        effects.size += reached.count
        if record.audience.kind == .alias {
            for alias in record.audience.values where reached[alias] == nil { reached[alias] = false }
        }
        let people = reached.filter { !$0.value }.keys.sorted()
        guard !people.isEmpty || escalation.plan.stopsAtFirst else { return try end(escalation, .done, transaction) }
        guard people.count <= Self.mostPeople, reached.count < Self.mostRecipients else {
            try finish(
                escalation, transaction, told: 0, nobody: "too_many",
                "More than \(Self.mostPeople) people were not reached, or the message is for more than "
                    + "\(Self.mostRecipients); nobody was sent an \(mode.name).")
            return
        }
        guard serves(mode, escalation.app) else {
            try finish(
                escalation, transaction, told: 0, nobody: "no_sender",
                "No \(mode.name) sender is configured: Documentation/business.md says how to add one.")
            return
        }
        var missed: [MissedReceiver] = []
        var addresses: [(alias: String, address: String)] = []
        for alias in people {
            switch try address(of: alias, mode, escalation, record, transaction) {
            case .success(let address): addresses.append((alias, address))
            case .failure(let miss): missed.append(miss)
            }
        }
        let parts = [
            addresses.isEmpty ? "" : "\(mode.name) to \(Self.names(addresses.map(\.alias)))",
            MissedReceiver.text(missed),
        ]
        let row = try finish(
            escalation, transaction, told: addresses.count,
            people.isEmpty ? "Nobody is left to be told." : parts.filter { !$0.isEmpty }.joined(separator: "; ") + ".")
        guard !addresses.isEmpty else { return }
        let content = record.message.content
        let (title, text) = content.notice(mode)
        // What is no object fits into no template.
        let extra = (try? ExtraParameters(content.extra))?.text
        try transaction.insert(
            addresses.map { alias, address in
                Notice(
                    row: row, userNumber: alias, mode: mode, address: address, title: title,
                    text: text, extra: extra, app: escalation.app, level: Self.level)
            })
        effects.hasNotices = true
    }

    private enum Address {
        case success(String)
        case failure(MissedReceiver)
    }

    /// The users' table knows it, or the person's device.
    private func address(
        of alias: String, _ mode: NotificationMode, _ escalation: Escalation, _ record: MessageRecord,
        _ transaction: any StoreTransaction
    ) throws -> Address {
        let user = try transaction.user(alias)
        if user?.isActive == false { return .failure(MissedReceiver(alias, .inactive)) }
        if let address = (mode == .sms ? user?.mobile : user?.email)?.trimmed, !address.isEmpty {
            return .success(address)
        }
        if mode == .sms,
            let mobile = try transaction.mobile(of: alias, app: escalation.app, tenant: record.message.tenant)?.trimmed,
            !mobile.isEmpty
        {
            return .success(mobile)
        }
        return .failure(MissedReceiver(alias, mode == .sms ? .withoutMobile : .withoutEmail))
    }

    // MARK: The next persons

    private mutating func tell(
        _ persons: [String], _ escalation: Escalation, _ record: MessageRecord, _ transaction: any StoreTransaction,
        _ send: (PushRequest) throws -> Acceptance
    ) throws {
        let message = record.message
        var push = PushRequest(
            app: message.app, appID: message.appID,
            audience: Audience(.alias, persons, tenant: message.tenant), content: message.content,
            needsConfirmation: true,
            timeToLive: max(1, (escalation.expiresAt.milliseconds - now.milliseconds) / 1000))
        push.followsPolicy = false
        let acceptance = try send(push)
        let names = Self.names(persons)
        try finish(
            escalation, transaction, told: acceptance.deliveries,
            acceptance.deliveries > 0
                ? "Sent to \(names) as message \(acceptance.message), devices: \(acceptance.deliveries)."
                : "Sent to \(names) as message \(acceptance.message), but nobody of them has a device.",
            child: acceptance.message)
    }

    private static func names(_ names: [String]) -> String {
        let rest = names.count - mostNames
        return names.prefix(mostNames).joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    }
}

extension MessageContent {
    private static let longestSubject = 78

    /// What an SMS or e-mail says instead of the message.
    fileprivate func notice(_ mode: NotificationMode) -> (title: String, text: String) {
        if mode == .sms, let smsMessage, !smsMessage.isEmpty { return ("", smsMessage) }
        let subject = alert.split(whereSeparator: \.isNewline).first?.prefix(Self.longestSubject) ?? ""
        return (title ?? (mode == .email ? String(subject) : ""), alert)
    }
}

extension StoreTransaction {
    /// Ends an escalation, and everything that is still under way for it.
    /// - Returns: how many deliveries were cancelled.
    @discardableResult
    package func end(_ escalation: Escalation, _ end: Escalation.End, at now: Timestamp) throws -> Int {
        var ended = escalation
        guard ended.end(end, at: now) else { return 0 }
        try update(ended)
        // What was sent to each on their own is not taken back.
        guard end != .done else { return 0 }
        try cancelNotices(of: escalation.message)
        // Deliveries expire by themselves.
        guard end != .expired else { return 0 }
        return try ([escalation.message] + children(of: escalation.message)).reduce(0) {
            try $0 + cancel($1, at: now)
        }
    }
}
