import ApusCore

/// What became of a message to many devices.
struct UmengTask: Sendable {
    /// How a task goes from queued to sending to done.
    enum Pace: Sendable, Equatable {
        /// A step with each question for its status.
        case perQuestion
        /// A step after each of these times, in milliseconds.
        case every(Int64)
    }

    enum Status: Int, Sendable {
        case queued = 0
        case sending = 1
        case done = 2
        case cancelled = 4
        case scheduled = 7
    }

    let platform: UmengApp.Platform
    /// How many devices it is for.
    let audience: Int
    let startsAt: Timestamp
    private var questions = 0
    private var isCancelled = false

    init(platform: UmengApp.Platform, audience: Int, startsAt: Timestamp) {
        self.platform = platform
        self.audience = audience
        self.startsAt = startsAt
    }

    mutating func ask(at now: Timestamp, _ pace: Pace) -> Status {
        let status = status(at: now, pace)
        if status == .queued || status == .sending { questions += 1 }
        return status
    }

    /// - Returns: false if it is too late.
    mutating func cancel(at now: Timestamp, _ pace: Pace) -> Bool {
        switch status(at: now, pace) {
        case .done, .cancelled: return false
        case .queued, .sending, .scheduled:
            isCancelled = true
            return true
        }
    }

    func status(at now: Timestamp, _ pace: Pace) -> Status {
        if isCancelled { return .cancelled }
        let elapsed = now.milliseconds - startsAt.milliseconds
        guard elapsed >= 0 else { return .scheduled }
        let steps =
            switch pace {
            case .perQuestion: questions
            case .every(let time): Int(elapsed / max(1, time))
            }
        return steps == 0 ? .queued : steps == 1 ? .sending : .done
    }
}
