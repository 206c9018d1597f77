import ApusCore
import NIOCore
import Synchronization

/// How often somebody may guess a password: a user's from anywhere, and anybody's from one address. Asked before a
/// password is looked at.
final class GuessLimiter: Sendable {
    private struct Entry {
        var bucket: TokenBucket
        var lastUsed: NIODeadline
    }

    /// Users and addresses that are remembered.
    private static let most = 20_000
    /// Guesses from one address for each that one user may have.
    private static let perAddress = 10

    private let entries = Mutex<[String: Entry]>([:])
    private let perMinute: Int

    /// - Parameter perMinute: guesses of one user's password; 0 for as many as somebody likes.
    init(perMinute: Int) {
        self.perMinute = perMinute
    }

    /// - Throws: if this is one guess too many.
    func take(user: String, address: String, now: NIODeadline) throws(ApusError) {
        guard perMinute > 0 else { return }
        let wait = entries.withLock { entries in
            if entries.count >= Self.most {
                entries = entries.filter { $0.value.lastUsed + .minutes(1) > now }
            }
            guard entries.count < Self.most else { return TimeAmount?.some(.seconds(60)) }
            // The address first: who has had enough guesses makes no more entries with users that do not exist.
            return Self.take(&entries["address \(address)"], perMinute * Self.perAddress, now)
                ?? Self.take(&entries["user \(user)"], perMinute, now)
        }
        guard let wait else { return }
        throw ApusError(
            .throttled(retryAfter: max(1, Int(wait.nanoseconds / 1_000_000_000))), code: "too_many_guesses",
            "There were too many attempts to log in. Try again after Retry-After seconds.")
    }

    private static func take(_ entry: inout Entry?, _ perMinute: Int, _ now: NIODeadline) -> TimeAmount? {
        var used =
            entry
            ?? Entry(
                bucket: TokenBucket(perSecond: Double(perMinute) / 60, capacity: Double(perMinute), now: now),
                lastUsed: now)
        used.lastUsed = now
        defer { entry = used }
        return used.bucket.take(1, now: now)
    }
}
