/// Where an app wants to be told of events: a URL that batches of them are posted to.
package struct Webhook: Sendable, Equatable {
    package let id: String
    package let app: AppNumber
    package let appID: String
    package let url: String
    package let kinds: EventKinds
    /// Keys of signatures, encrypted where they are stored. The first is the one in use, another one its predecessor.
    package let secrets: [WebhookSecret]
    package let createdAt: Timestamp
    package var progress: WebhookProgress

    package init(
        id: String, app: AppNumber, appID: String, url: String, kinds: EventKinds, secrets: [WebhookSecret],
        createdAt: Timestamp, progress: WebhookProgress
    ) {
        self.id = id
        self.app = app
        self.appID = appID
        self.url = url
        self.kinds = kinds
        self.secrets = secrets
        self.createdAt = createdAt
        self.progress = progress
    }

    /// What its secrets are sealed for.
    var sealingName: String { "webhook:\(id)" }

    func with(secrets: [WebhookSecret]) -> Webhook {
        Webhook(
            id: id, app: app, appID: appID, url: url, kinds: kinds, secrets: secrets, createdAt: createdAt,
            progress: progress)
    }
}

package struct WebhookSecret: Sendable, Equatable {
    package let bytes: [UInt8]
    /// From when on it signs no more; nil for the one in use.
    package let expiresAt: Timestamp?

    package init(_ bytes: [UInt8], expiresAt: Timestamp? = nil) {
        self.bytes = bytes
        self.expiresAt = expiresAt
    }
}

/// How far a webhook has come: a state machine without I/O.
package struct WebhookProgress: Sendable, Equatable {
    /// Everything up to this event was taken, passed over or given up.
    package private(set) var after: EventID
    /// How often the events behind it were posted in vain.
    package private(set) var attempts: Int
    /// When they are posted again.
    package private(set) var notBefore: Timestamp
    /// What came of the last post, if it failed.
    package private(set) var problem: String?

    package init(
        after: EventID, attempts: Int = 0, notBefore: Timestamp = Timestamp(milliseconds: 0), problem: String? = nil
    ) {
        self.after = after
        self.attempts = attempts
        self.notBefore = notBefore
        self.problem = problem
    }

    /// How long the next post has to wait: never more than a day, even if the clock was set back.
    package func wait(at now: Timestamp) -> Duration {
        .milliseconds(min(max(notBefore.milliseconds - now.milliseconds, 0), 86_400_000))
    }

    /// What is to be done after a post.
    package enum Step: Sendable, Equatable {
        case goOn
        /// Post the same events again, at `notBefore`.
        case tryAgain
        /// The events go to the dead letters after so many attempts.
        case giveUp(attempts: Int, reason: String)
    }

    /// Events up to `last` were posted, or there were none.
    package mutating func posted(_ answer: WebhookAnswer, upTo last: EventID, mostAttempts: Int, at now: Timestamp)
        -> Step
    {
        switch answer {
        case .taken:
            self = WebhookProgress(after: last)
            return .goOn
        case .failed(let reason, let afterSeconds):
            let tried = attempts + 1
            if tried >= mostAttempts {
                self = WebhookProgress(after: last, problem: reason)
                return .giveUp(attempts: tried, reason: reason)
            }
            attempts = tried
            notBefore = now.adding(seconds: afterSeconds)
            problem = reason
            return .tryAgain
        }
    }

    /// There was nothing up to `last` that the webhook is for.
    package mutating func passed(_ last: EventID) {
        after = last
    }
}
