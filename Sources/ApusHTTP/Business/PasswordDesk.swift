import ApusCore
import Dispatch
import Synchronization

/// Makes hashes of passwords and compares with them, which takes long by design, one after the other on a thread of its
/// own.
final class PasswordDesk: Sendable {
    /// Passwords that may wait.
    private static let mostWaiting = 100

    private let queue = DispatchQueue(label: "apus.passwords")
    private let waiting = Atomic<Int>(0)

    /// - Parameter stored: a `PasswordHash`, or clear text; nil if there is no such user, which takes as long.
    /// - Returns: whether it is the password, and its hash if it is stored in clear.
    func check(_ password: String, _ stored: String?) async throws(ApusError) -> (matches: Bool, newHash: String?) {
        try await inTurn { Self.compare(password, stored) }
    }

    /// The hash of a password, to be kept.
    func hash(_ password: String) async throws(ApusError) -> String {
        try await inTurn { PasswordHash(of: password).text }
    }

    private func inTurn<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async throws(ApusError) -> Result {
        defer { waiting.subtract(1, ordering: .relaxed) }
        guard waiting.add(1, ordering: .relaxed).newValue <= Self.mostWaiting else { throw .overloaded }
        return await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: work()) }
        }
    }

    private static func compare(_ password: String, _ stored: String?) -> (matches: Bool, newHash: String?) {
        guard let stored, !stored.isEmpty else {
            return (PasswordHash.decoy.matches(password) && false, nil)
        }
        if let hash = PasswordHash(stored) { return (hash.matches(password), nil) }
        let hash = PasswordHash(of: stored)
        let matches = hash.matches(password)
        return (matches, matches ? hash.text : nil)
    }
}
