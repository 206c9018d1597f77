/// A push to users, before it is known whom it reaches. Calls and the message centre both send by it.
package struct PushDraft: Sendable {
    let app: App
    let receivers: ReceiverList
    let title: String
    let content: String
    let extra: ExtraParameters
    /// The user that sends; nil for the business system itself.
    let sender: String?
    let timeToLive: Int64
    let idempotencyKey: String?
    let origin: Origin

    /// - Throws: `ApusError` if it can be sent to nobody, whoever that is.
    package init(
        app: App, receivers: String, title: String, content: String, extra: String?, sender: String? = nil,
        idempotencyKey: String? = nil, origin: Origin = Origin(.server), settings: BusinessSettings
    ) throws(ApusError) {
        self.app = app
        self.receivers = ReceiverList(receivers)
        self.title = title
        self.content = content
        self.extra = try ExtraParameters(extra)
        self.sender = sender
        self.idempotencyKey = idempotencyKey
        self.origin = origin
        timeToLive = settings.timeToLive
        try Self.check(self.receivers)
        let size = title.utf8.count + content.utf8.count + (extra ?? "").utf8.count
        guard size <= settings.largestPayload.value else {
            throw ApusError(
                .tooLarge, code: "payload_too_large",
                "title, content and extra_params_string have \(size) bytes together; "
                    + "\(settings.largestPayload.value) are allowed (limits.payload).")
        }
    }

    static func check(_ receivers: ReceiverList) throws(ApusError) {
        guard !receivers.numbers.isEmpty else {
            throw ApusError(.invalid, code: "no_receivers", "There are no receivers: give user numbers.")
        }
        guard receivers.numbers.count <= ReceiverList.most else {
            throw ApusError(
                .tooLarge, code: "too_many_receivers",
                "There are \(receivers.numbers.count) receivers; at most \(ReceiverList.most) are allowed.")
        }
    }

    /// Sends it to those who can be reached.
    /// - Parameter sendsToNobody: whether it becomes a push also if nobody has a device, as long as one of the users
    ///   is known.
    /// - Returns: the id of the push; nil if there is none, and who is not reached.
    package func send(
        _ transaction: any StoreTransaction, sendsToNobody: Bool, at now: Timestamp,
        _ send: (PushRequest) throws -> Acceptance
    ) throws -> PushResult {
        var result = PushResult()
        var reached: [String] = []
        var targets: [Target] = []
        for number in receivers.numbers {
            targets.removeAll(keepingCapacity: true)
            try transaction.resolve(Audience(.alias, [number]), app: app.number, into: &targets)
            let user = try transaction.user(number)
            if user?.isActive == false {
                result.missed.append(MissedReceiver(number, .inactive))
            } else if !targets.isEmpty {
                reached.append(number)
            } else {
                result.missed.append(MissedReceiver(number, user == nil ? .unknown : .withoutDevice))
            }
        }
        let isKnown = sendsToNobody && result.missed.contains { $0.reason == .withoutDevice }
        guard !reached.isEmpty || isKnown else { return result }
        let acceptance = try send(
            PushRequest(
                app: app.number, appID: app.id, audience: Audience(.alias, reached),
                content: MessageContent(
                    title: title.isEmpty ? nil : title, alert: content, uri: extra.url, extra: extra.text,
                    sender: sender),
                timeToLive: timeToLive, idempotencyKey: idempotencyKey, origin: origin))
        result.devices =
            acceptance.isRepeat ? try transaction.counts(of: acceptance.message).total : acceptance.deliveries
        result.push = try transaction.insertPush(
            BusinessPush(message: acceptance.message, title: title, content: content, extra: extra.text), at: now)
        return result
    }
}

package struct PushResult: Sendable, Equatable {
    /// The id of the row of `sys_push_messages`.
    package var push: Int64?
    package var devices = 0
    package var missed: [MissedReceiver] = []
}

/// A user who is not told, and why.
package struct MissedReceiver: Sendable, Equatable {
    package enum Reason: String, Sendable, CaseIterable {
        case unknown = "unknown user"
        case inactive = "inactive user"
        case withoutDevice = "without a device"
        case withoutMobile = "without a mobile number"
        case withoutEmail = "without an e-mail address"
    }

    package let number: String
    package let reason: Reason

    package init(_ number: String, _ reason: Reason) {
        self.number = number
        self.reason = reason
    }

    /// All of them in one line, as in `unknown user: 7, 8; without a device: 9`.
    package static func text(_ missed: [MissedReceiver]) -> String {
        Reason.allCases.compactMap { reason in
            let numbers = missed.filter { $0.reason == reason }.map(\.number)
            guard !numbers.isEmpty else { return nil }
            let rest = numbers.count - 50
            return "\(reason.rawValue): " + numbers.prefix(50).joined(separator: ", ")
                + (rest > 0 ? " and \(rest) more" : "")
        }.joined(separator: "; ")
    }
}
