import NIOCore
import Synchronization

/// All apps, in memory: who sends is known without asking the store.
package final class AppRegistry: Sendable {
    private struct Entry {
        var app: App
        /// When the key before the app's last one ends.
        var overlap: Expiry
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
            entries[app.id] = Entry(app: app, overlap: Expiry(at: app.oldKey?.until, clock), bucket: bucket)
        }
    }

    package var all: [App] { entries.withLock { $0.values.map(\.app) } }

    package subscript(id: String) -> App? {
        entries.withLock { $0[id]?.app }
    }

    package subscript(number: AppNumber) -> App? {
        entries.withLock { $0.values.first { $0.app.number == number }?.app }
    }

    /// The app of this id, if a key with this hash is its own.
    func app(_ id: String, showing hash: SecretHash) throws(ApusError) -> App {
        guard let entry = entries.withLock({ $0[id] }) else { throw .unknownApp }
        guard accepts(hash, entry) else { throw .wrongAppKey }
        return entry.app
    }

    /// The app that a key is of, for callers that name no app.
    func app(withKey key: String) -> App? {
        let hash = SecretHash(of: key)
        let entries = entries.withLock { Array($0.values) }
        return entries.first { accepts(hash, $0) }?.app
    }

    /// Whether a key with this hash is the app's, or was and is still to be taken.
    func accepts(_ hash: SecretHash, ofApp id: String) -> Bool {
        entries.withLock { $0[id] }.map { accepts(hash, $0) } ?? false
    }

    private func accepts(_ hash: SecretHash, _ entry: Entry) -> Bool {
        if entry.app.keyHash.matches(hash) { return true }
        guard let old = entry.app.oldKey, old.hash.matches(hash) else { return false }
        return !entry.overlap.hasPassed(clock)
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

extension ApusError {
    package static let unknownApp = ApusError(
        .invalid, code: "unknown_app", "There is no app with this appId. Create it with POST /apps/ first.")
    package static let keyRequired = ApusError(
        .unauthenticated, code: "key_required", "This needs the app's key: send it as X-App-Key: <key>.")
    package static let wrongAppKey = ApusError(
        .unauthenticated, code: "wrong_app_key", "The appKey is not this app's.")
    static let wrongToken = ApusError(
        .unauthenticated, code: "wrong_token", "The token is not one of this server's, or it was revoked.")
    package static let unknownMessage = ApusError(
        .notFound, code: "unknown_message", "There is no message with this id, or it is older than messages are kept.")
    package static let unknownDevice = ApusError(
        .notFound, code: "unknown_device", "There is no device with this id.")
}
