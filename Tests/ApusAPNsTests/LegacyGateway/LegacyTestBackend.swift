import ApusCore
import NIOCore
import Synchronization

@testable import ApusAPNs

/// Remembers what it is given, and answers as the test tells it.
final class LegacyTestBackend: LegacyGatewayBackend, LegacyFeedbackBackend {
    typealias Completion = @Sendable (Result<Void, LegacyGatewayError>) -> Void

    static let client = LegacyClient(app: AppNumber(1), name: "test")

    private struct State {
        var peers: [LegacyPeer] = []
        var notifications: [LegacyNotification] = []
        var waiting: [Completion] = []
        var feedback: [LegacyFeedback] = []
        var pages = 0
    }

    private let state = Mutex(State())
    private let knows: @Sendable (LegacyPeer) -> Bool
    /// What is said about a notification; nil to wait for ``answerAll()``.
    private let verdict: @Sendable (LegacyNotification) -> Result<Void, LegacyGatewayError>?

    init(
        knows: @escaping @Sendable (LegacyPeer) -> Bool = { $0.certificate != nil },
        verdict: @escaping @Sendable (LegacyNotification) -> Result<Void, LegacyGatewayError>? = { _ in .success(()) }
    ) {
        self.knows = knows
        self.verdict = verdict
    }

    var peers: [LegacyPeer] { state.withLock { $0.peers } }
    var notifications: [LegacyNotification] { state.withLock { $0.notifications } }
    var feedback: [LegacyFeedback] { state.withLock { $0.feedback } }
    /// How often feedback was asked for.
    var pages: Int { state.withLock { $0.pages } }

    func client(for peer: LegacyPeer) -> LegacyClient? {
        state.withLock { $0.peers.append(peer) }
        return knows(peer) ? Self.client : nil
    }

    func accept(_ notification: LegacyNotification, from client: LegacyClient, completion: @escaping Completion) {
        let verdict = verdict(notification)
        state.withLock { state in
            state.notifications.append(notification)
            if verdict == nil { state.waiting.append(completion) }
        }
        if let verdict { completion(verdict) }
    }

    /// Accepts all that waits.
    func answerAll() {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        for completion in waiting { completion(.success(())) }
    }

    func add(_ feedback: [LegacyFeedback]) {
        state.withLock { $0.feedback += feedback }
    }

    func pendingFeedback(
        for client: LegacyClient, after position: Int64, limit: Int,
        completion: @escaping @Sendable (Result<[LegacyFeedback], any Error>) -> Void
    ) {
        state.withLock { $0.pages += 1 }
        completion(.success(Array(feedback.filter { $0.position > position }.prefix(limit))))
    }

    func clearFeedback(for client: LegacyClient, upTo position: Int64) {
        state.withLock { $0.feedback.removeAll { $0.position <= position } }
    }
}
