import NIOCore

/// Notices a peer that is gone without a word.
struct SilenceWatch {
    enum Step: Equatable {
        /// All is well; look again then.
        case wait(until: NIODeadline)
        case ping
        case giveUp(String)
    }

    private let times: StreamTimes
    private let opened: NIODeadline
    private var lastHeard: NIODeadline
    private var pinged: NIODeadline?
    private var isReady = false

    init(_ times: StreamTimes, opened: NIODeadline) {
        self.times = times
        self.opened = opened
        lastHeard = opened
    }

    mutating func heard(at now: NIODeadline) {
        lastHeard = now
        pinged = nil
    }

    mutating func becameReady() {
        isReady = true
    }

    /// What is due now. A ping counts as sent.
    mutating func step(at now: NIODeadline) -> Step {
        guard isReady else {
            let end = opened + times.login
            return now < end ? .wait(until: end) : .giveUp("The server let us wait too long for the login.")
        }
        if let pinged {
            let end = pinged + times.pingTimeout
            return now < end ? .wait(until: end) : .giveUp("The server does not answer any more.")
        }
        guard now >= lastHeard + times.pingAfter else { return .wait(until: lastHeard + times.pingAfter) }
        pinged = now
        return .ping
    }
}
