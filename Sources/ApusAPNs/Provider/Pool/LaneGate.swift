import ApusCore
import NIOCore

/// Whether a lane sends. Problems with its credentials suspend it, each time for longer; suspicion stops it.
struct LaneGate {
    enum State: Equatable {
        case open
        case suspended(LaneProblem, until: NIODeadline)
        case stopped(LaneProblem)
    }

    private static let shortest = TimeAmount.minutes(1)
    private static let longest = TimeAmount.minutes(30)

    private(set) var state = State.open
    private var next = Self.shortest

    var problem: LaneProblem? {
        switch state {
        case .open: nil
        case .suspended(let problem, _), .stopped(let problem): problem
        }
    }

    var isSuspended: Bool {
        if case .suspended = state { true } else { false }
    }

    /// - Parameter time: for how long; nil leaves it to the gate.
    /// - Returns: until when, or nil if the lane was not open.
    mutating func suspend(_ problem: LaneProblem, for time: TimeAmount? = nil, at now: NIODeadline) -> NIODeadline? {
        guard state == .open else { return nil }
        let until = now + (time ?? next)
        state = .suspended(problem, until: until)
        next = min(next * 2, Self.longest)
        return until
    }

    /// - Returns: whether it was not stopped already.
    mutating func stop(_ problem: LaneProblem) -> Bool {
        if case .stopped = state { return false }
        state = .stopped(problem)
        return true
    }

    /// Ends a suspension that has lasted long enough.
    mutating func reopen(at now: NIODeadline) -> Bool {
        guard case .suspended(_, let until) = state, until <= now else { return false }
        state = .open
        return true
    }

    /// Somebody has looked into it.
    mutating func resume() {
        self = LaneGate()
    }

    /// APNs took a notification, so the credentials are right: the next suspension is short again.
    mutating func succeeded() {
        next = Self.shortest
    }
}
