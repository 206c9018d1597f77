package import NIOCore
import Synchronization

/// How often somebody may show a wrong secret: so often for one subject (an app, a user), and ten times as often from one
/// address for all. Asked before a secret is looked at.
///
/// As long as nobody is wrong, asking costs the look at one number.
package final class GuessLimiter: Sendable {
    /// Whose wrong guesses of one subject's secret count together.
    package enum Scope: Sendable {
        /// Those from one address, so that nobody keeps others from using what is theirs.
        case address
        /// Everybody's, for secrets that people choose.
        case everywhere
    }

    private enum Key: Hashable {
        case subject(String, IPAddress?)
        case address(IPAddress?)
    }

    private struct Entry {
        var bucket: TokenBucket
        var lastUsed: NIODeadline
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var swept: NIODeadline = .distantPast
    }

    /// Subjects and addresses that are remembered.
    private static let most = 20_000
    /// Guesses from one address for each that one subject may have.
    private static let perAddress = 10
    /// After this time without a guess, an entry says no more than none.
    private static let memory = TimeAmount.minutes(1)

    private let state = Mutex(State())
    private let count = Atomic<Int>(0)
    private let perMinute: Int
    private let scope: Scope

    /// - Parameter perMinute: wrong guesses for one subject; 0 for as many as somebody likes.
    package init(perMinute: Int, scope: Scope) {
        self.perMinute = perMinute
        self.scope = scope
    }

    /// - Throws: if there were too many wrong guesses.
    package func check(
        _ subject: String, from address: @autoclosure () -> IPAddress?, now: @autoclosure () -> NIODeadline
    ) throws(ApusError) {
        guard count.load(ordering: .relaxed) > 0 else { return }
        let (address, now) = (address(), now())
        let wait = state.withLock { state in
            sweep(&state, now)
            return keys(subject, address).compactMap { state.entries[$0.key]?.bucket.delay(1, now: now) }.max()
        }
        if let wait { throw Self.tooMany(wait) }
    }

    /// Counts a guess that was wrong, or one that is about to be made.
    /// - Throws: if it is one too many. It is counted then for the address alone.
    package func take(_ subject: String, from address: IPAddress?, now: NIODeadline) throws(ApusError) {
        guard perMinute > 0 else { return }
        let wait = state.withLock { state -> TimeAmount? in
            sweep(&state, now)
            defer { count.store(state.entries.count, ordering: .relaxed) }
            for (key, perMinute) in keys(subject, address) {
                var entry =
                    state.entries[key]
                    ?? Entry(
                        bucket: TokenBucket(
                            perSecond: Double(perMinute) / 60, capacity: Double(perMinute), now: now),
                        lastUsed: now)
                entry.lastUsed = now
                let wait = entry.bucket.take(1, now: now)
                state.entries[key] = entry
                if let wait { return wait }
            }
            return nil
        }
        if let wait { throw Self.tooMany(wait) }
    }

    /// The guess that was taken was right: it does not count.
    package func forgive(_ subject: String, from address: IPAddress?) {
        state.withLock { state in
            for (key, _) in keys(subject, address) { state.entries[key]?.bucket.giveBack(1) }
        }
    }

    private func keys(_ subject: String, _ address: IPAddress?) -> [(key: Key, perMinute: Int)] {
        let network = address?.network
        // The address first: who has had enough guesses makes no more entries of subjects that there are not.
        return [
            (.address(network), perMinute * Self.perAddress),
            (.subject(subject, scope == .address ? network : nil), perMinute),
        ]
    }

    /// Forgets those who guess no more, and if there are very many who do, the half that guessed longest ago.
    private func sweep(_ state: inout State, _ now: NIODeadline) {
        guard state.entries.count >= Self.most || state.swept + Self.memory <= now else { return }
        state.swept = now
        state.entries = state.entries.filter { $0.value.lastUsed + Self.memory > now }
        if state.entries.count >= Self.most {
            let times = state.entries.values.map(\.lastUsed).sorted()
            let middle = times[times.count / 2]
            state.entries = state.entries.filter { $0.value.lastUsed > middle }
        }
        count.store(state.entries.count, ordering: .relaxed)
    }

    private static func tooMany(_ wait: TimeAmount) -> ApusError {
        ApusError(
            .throttled(retryAfter: max(1, Int(wait.nanoseconds / 1_000_000_000))), code: "too_many_guesses",
            "There were too many attempts with a wrong key, token or password. Try again after Retry-After seconds.")
    }
}
