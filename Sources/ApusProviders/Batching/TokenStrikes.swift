import Synchronization

/// Counts how often in a row a vendor did not find a device, for vendors that say so of devices that are merely away.
final class TokenStrikes: Sendable {
    /// After how many messages a token counts as dead.
    private static let limit = 3

    private let capacity: Int
    private let strikes = Mutex<[String: Int]>([:])

    /// - Parameter capacity: tokens that are remembered; it forgets all of them when there are more.
    init(capacity: Int) {
        self.capacity = capacity
    }

    /// - Returns: whether the token counts as dead now.
    func strike(_ token: String) -> Bool {
        strikes.withLock { strikes in
            let count = strikes[token, default: 0] + 1
            guard count < Self.limit else {
                strikes[token] = nil
                return true
            }
            if strikes.count >= capacity { strikes = [:] }
            strikes[token] = count
            return false
        }
    }

    func clear(_ tokens: [String]) {
        strikes.withLock { strikes in
            guard !strikes.isEmpty else { return }
            for token in tokens { strikes[token] = nil }
        }
    }
}
