import CoreMetrics

/// What a commit did, for those who have to know once it is durable.
struct CommitOutcome {
    enum Accepted {
        /// The targets are those of `CommitOutcome.targets` in the range.
        case new(Message, Range<Int>)
        case repeated(MessageID)
        case refused(ApusError)

        var answer: Result<Acceptance, ApusError> {
            switch self {
            case .new(let message, let targets):
                .success(Acceptance(message: message.id, deliveries: targets.count, isRepeat: false))
            case .repeated(let id):
                .success(Acceptance(message: id, deliveries: 0, isRepeat: true))
            case .refused(let error):
                .failure(error)
            }
        }
    }

    /// A message, which of `targets` it is for, and whether it is not one that waited for its time.
    typealias Made = (message: Message, targets: Range<Int>, isNew: Bool)

    /// A message that was accepted, and who sent it.
    struct Sent {
        let message: MessageID
        let deliveries: Int
        let origin: Origin
        let appID: String
    }

    var sends: [Sent] = []
    /// One for each `accept` of the batch, in order.
    var acceptances: [Accepted] = []
    /// What each `push` of the batch made, in order.
    var made: [[Made]] = []
    /// Devices that were handed what had been taken back meanwhile, by the message; and what tells them.
    var missed: [MessageID: [String]] = [:]
    var recalls: [Made] = []
    var targets: [Target] = []
    /// Who reaches the devices of the app that was asked for last: the messages of a batch are mostly of one app.
    var vendors: (app: AppNumber, providers: [any PushProvider])?
    /// Whose deliveries which vendor got.
    var filledOutboxes: [Route: Set<AppNumber>] = [:]
    /// The same, of which some may be older than what the vendor had already.
    var refilledOutboxes: [Route: Set<AppNumber>] = [:]
    /// How many escalations a confirmation ended.
    var endedEscalations = 0
    var events = EventCounts()
    /// What came into the journal.
    var journaled = 0

    func count(in metrics: DeliveryMetrics) {
        var (new, repeated, refused) = (made.joined().count { $0.isNew } + recalls.count, 0, 0)
        for acceptance in acceptances {
            switch acceptance {
            case .new: new += 1
            case .repeated: repeated += 1
            case .refused: refused += 1
            }
        }
        if new > 0 { metrics.accepted.increment(by: new) }
        if repeated > 0 { metrics.repeated.increment(by: repeated) }
        if refused > 0 { metrics.refused.increment(by: refused) }
        if !targets.isEmpty { metrics.deliveries.increment(by: targets.count) }
        if endedEscalations > 0 { metrics.escalationEnds.increment(by: endedEscalations, "confirmed") }
        if journaled > 0 { metrics.journaled.increment(by: journaled) }
        events.count(in: metrics)
    }
}

extension Message {
    package convenience init(_ request: PushRequest, id: MessageID, at now: Timestamp) {
        self.init(
            id: id, app: request.app, appID: request.appID, tenant: request.audience.tenant, content: request.content,
            needsConfirmation: request.needsConfirmation, acceptedAt: now,
            expiresAt: (request.sendAt ?? now).adding(seconds: request.timeToLive), sendAt: request.sendAt)
    }
}
