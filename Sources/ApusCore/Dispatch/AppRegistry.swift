package import NIOCore
import Synchronization

/// All apps, in memory: who sends is known without asking the store.
package final class AppRegistry: Sendable {
    private struct Entry {
        var app: App
        var bucket: TokenBucket
    }

    private let entries = Mutex<[String: Entry]>([:])
    private let clock: any Clock
    private let rate: Atomic<Int>

    /// - Parameter messagesPerSecond: what each app may send; 0 for as much as it likes.
    package init(apps: [App], messagesPerSecond: Int, clock: any Clock) {
        self.clock = clock
        rate = Atomic(messagesPerSecond)
        for app in apps { update(app) }
    }

    private var messagesPerSecond: Int { rate.load(ordering: .relaxed) }

    /// From now on each app may send so much; 0 for as much as it likes.
    package func limit(messagesPerSecond: Int) {
        let now = clock.uptime
        guard rate.exchange(messagesPerSecond, ordering: .relaxed) != messagesPerSecond else { return }
        entries.withLock { entries in
            for id in entries.keys { entries[id]?.bucket = TokenBucket(messagesPerSecond, now: now) }
        }
    }

    /// A new app, or one with a new key.
    package func update(_ app: App) {
        let now = clock.uptime
        entries.withLock { entries in
            let bucket = entries[app.id]?.bucket ?? TokenBucket(messagesPerSecond, now: now)
            entries[app.id] = Entry(app: app, bucket: bucket)
        }
    }

    package var all: [App] { entries.withLock { $0.values.map(\.app) } }

    package subscript(id: String) -> App? {
        entries.withLock { $0[id]?.app }
    }

    package subscript(number: AppNumber) -> App? {
        entries.withLock { $0.values.first { $0.app.number == number }?.app }
    }

    /// The app that a key is of, for callers that name no app.
    package func app(withKey key: String) -> App? {
        all.first { $0.keyHash.matches(key) }
    }

    /// The app, if the key is its own and it may send `messages` more messages now.
    package func authorize(id: String, key: String, messages: Int = 1) throws(ApusError) -> App {
        guard let app = self[id] else { throw .unknownApp }
        guard app.keyHash.matches(key) else { throw .wrongAppKey }
        try take(messages, from: app)
        return app
    }

    /// Counts messages against what the app may send.
    package func take(_ messages: Int, from app: App) throws(ApusError) {
        let messagesPerSecond = messagesPerSecond
        guard messagesPerSecond > 0 else { return }
        let now = clock.uptime
        let wait = entries.withLock { $0[app.id]?.bucket.take(messages, now: now) ?? nil }
        guard let wait else { return }
        throw ApusError(
            .throttled(retryAfter: max(1, Int(wait.nanoseconds / 1_000_000_000))), code: "app_rate",
            "The app sends more than \(messagesPerSecond) messages a second. Slow down, or raise limits.app_rate.")
    }
}

/// Lets so many through a second, and up to its capacity at once after a quiet time.
package struct TokenBucket: Sendable {
    private let perSecond: Double
    private let capacity: Double
    private var tokens: Double
    private var updated: NIODeadline

    package init(perSecond: Double, capacity: Double, now: NIODeadline) {
        self.perSecond = perSecond
        self.capacity = capacity
        tokens = capacity
        updated = now
    }

    fileprivate init(_ messagesPerSecond: Int, now: NIODeadline) {
        self.init(perSecond: Double(messagesPerSecond), capacity: Double(messagesPerSecond), now: now)
    }

    /// - Returns: nil if `count` may pass, otherwise how long to wait.
    package mutating func take(_ count: Int, now: NIODeadline) -> TimeAmount? {
        let elapsed = Double((now - updated).nanoseconds) / 1e9
        tokens = min(capacity, tokens + elapsed * perSecond)
        updated = now
        // A batch larger than the bucket passes when that is full, and leaves a debt.
        guard tokens >= min(Double(count), capacity) else {
            let missing = min(Double(count), capacity) - tokens
            return .nanoseconds(Int64(missing / perSecond * 1e9) + 1)
        }
        tokens -= Double(count)
        return nil
    }
}

extension ApusError {
    package static let unknownApp = ApusError(
        .invalid, code: "unknown_app", "There is no app with this appId. Create it with POST /apps/ first.")
    package static let wrongAppKey = ApusError(
        .unauthenticated, code: "wrong_app_key", "The appKey is not this app's.")
    package static let unknownMessage = ApusError(
        .notFound, code: "unknown_message", "There is no message with this id, or it is older than messages are kept.")
    package static let unknownDevice = ApusError(
        .notFound, code: "unknown_device", "There is no device with this id.")
}
