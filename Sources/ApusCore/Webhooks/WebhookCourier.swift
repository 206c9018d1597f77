import Logging
import NIOCore
import Synchronization

/// Brings one webhook its events: one post at a time, in order, each at least once. What is to be posted next is known
/// from the journal, how far it has come from the store; so nothing is lost by a restart.
final class WebhookCourier: Sendable {
    private let webhook: Webhook
    private let secrets: [WebhookSecret]
    private let context: WebhookContext
    /// When the oldest event happened that it has not delivered; nil if it has delivered all.
    private let oldestOpen = Mutex<Timestamp?>(nil)

    /// - Parameter secrets: those of the webhook, in clear.
    init(_ webhook: Webhook, secrets: [WebhookSecret], _ context: WebhookContext) {
        self.webhook = webhook
        self.secrets = secrets
        self.context = context
    }

    /// Since when it has something to deliver.
    var oldest: Timestamp? { oldestOpen.withLock { $0 } }

    /// Works until its task is cancelled.
    func run() async {
        var progress = webhook.progress
        while !Task.isCancelled {
            do {
                let batch = try await context.next(webhook, after: progress.after)
                progress = try await batch.isEmpty ? pass(batch, progress) : deliver(batch, progress)
            } catch is CancellationError {
                return
            } catch {
                context.logger.warning(
                    "a webhook waits for the store", metadata: ["webhook": "\(webhook.id)", "error": "\(error)"])
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    private func pass(_ batch: EventBatch, _ earlier: WebhookProgress) async throws -> WebhookProgress {
        guard batch.last != earlier.after else { return earlier }
        var progress = earlier
        progress.passed(batch.last)
        try await context.write(progress, of: webhook)
        return progress
    }

    /// Posts the events until they are taken, or given up.
    private func deliver(_ batch: EventBatch, _ earlier: WebhookProgress) async throws -> WebhookProgress {
        oldestOpen.withLock { $0 = batch.oldest }
        defer { oldestOpen.withLock { $0 = nil } }
        let id = "\(webhook.id)-\(earlier.after.next)-\(batch.last)"
        let body = webhook.body(batch)
        var progress = earlier
        while true {
            try await Task.sleep(for: progress.wait(at: context.clock.now))
            let answer = await context.post(body, id: id, to: webhook, secrets, attempts: progress.attempts)
            try Task.checkCancellation()
            switch progress.posted(
                answer, upTo: batch.last, mostAttempts: context.settings.attempts, at: context.clock.now)
            {
            case .goOn:
                try await context.write(progress, of: webhook)
                return progress
            case .tryAgain:
                try await context.write(progress, of: webhook)
            case .giveUp(let attempts, let reason):
                let letter = DeadLetter(
                    row: 0, mode: "webhook", title: webhook.url, userNumber: nil, reason: reason,
                    attempts: Int64(attempts), at: context.clock.now,
                    post: DeadLetter.Post(webhook: webhook.id, id: id, body: String(buffer: body)))
                try await context.write(progress, of: webhook, letter: letter)
                return progress
            }
        }
    }
}
