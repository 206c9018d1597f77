import Synchronization

/// Decides which requests meet a fault, over all connections.
final class APNsFaultSchedule: Sendable {
    /// Counts in millionths, so that shares are met without rounding.
    private struct Share {
        private static let whole = 1_000_000
        private var due = 0

        mutating func takes(_ share: Double) -> Bool {
            due += Int((share * Double(Self.whole)).rounded())
            guard due >= Self.whole else { return false }
            due -= Self.whole
            return true
        }
    }

    private struct State {
        var refused = Share()
        var dropped = Share()
        var unanswered = Share()
        var rules: [APNsTokenRule] = []
        /// How often each rule fitted.
        var uses: [Int] = []
    }

    private let state = Mutex(State())

    func refuses(_ behaviour: APNsBehaviour) -> Bool {
        behaviour.refusedShare > 0 && state.withLock { $0.refused.takes(behaviour.refusedShare) }
    }

    func drops(_ behaviour: APNsBehaviour) -> Bool {
        behaviour.droppedShare > 0 && state.withLock { $0.dropped.takes(behaviour.droppedShare) }
    }

    func leavesUnanswered(_ behaviour: APNsBehaviour) -> Bool {
        behaviour.unansweredShare > 0 && state.withLock { $0.unanswered.takes(behaviour.unansweredShare) }
    }

    /// The rule that takes effect for `token`.
    func rule(for token: String, _ behaviour: APNsBehaviour) -> APNsTokenRule? {
        guard let index = behaviour.tokenRules.firstIndex(where: { token.hasPrefix($0.prefix) }) else { return nil }
        let rule = behaviour.tokenRules[index]
        guard rule.after > 0 else { return rule }
        return state.withLock { state in
            if state.rules != behaviour.tokenRules {
                state.rules = behaviour.tokenRules
                state.uses = Array(repeating: 0, count: state.rules.count)
            }
            state.uses[index] += 1
            return state.uses[index] > rule.after ? rule : nil
        }
    }
}
