package import CoreMetrics
import Logging
import NIOCore

package struct WebhookSettings: Sendable {
    /// Events in a post.
    package var batch = 100
    /// How often a post is tried before it goes to the dead letters.
    package var attempts = 12
    /// Webhooks of one app.
    package var most = 20
    /// For how long the earlier secret signs too when there is a new one.
    package var overlapSeconds: Int64 = 24 * 3600

    package init() {}
}

/// The counters of webhooks. Names are what `/metrics` shows.
package struct WebhookMetrics: Sendable {
    let taken: Counter
    let failed: Counter
    let givenUp: Counter

    package init(factory: any MetricsFactory) {
        let posts = { (result: String) in
            Counter(label: "apus_webhook_posts_total", dimensions: [("result", result)], factory: factory)
        }
        taken = posts("taken")
        failed = posts("failed")
        givenUp = posts("given_up")
    }
}

/// What couriers share.
struct WebhookContext: Sendable {
    let dispatcher: Dispatcher
    let hub: EventHub
    let sender: any WebhookSender
    let settings: WebhookSettings
    let metrics: WebhookMetrics

    var clock: any Clock { dispatcher.clock }
    var logger: Logger { dispatcher.logger }

    func next(_ webhook: Webhook, after: EventID) async throws -> EventBatch {
        try await hub.next(
            EventFilter(app: webhook.app, kinds: webhook.kinds), form: .json, after: after, limit: settings.batch,
            on: dispatcher.shards[0].eventLoop)
    }

    /// Posts once.
    /// - Parameter secrets: in clear; those that hold no more do not sign.
    func post(
        _ body: ByteBuffer, id: String, to webhook: Webhook, _ secrets: [WebhookSecret], attempts: Int
    ) async -> WebhookAnswer {
        let now = clock.now
        // A receiver could not tell who posts what nobody signed.
        guard !secrets.isEmpty else {
            return .failed(reason: "its secret cannot be decrypted; rotate the secret", afterSeconds: 3600)
        }
        let valid = secrets.filter { $0.expiresAt.map { $0 > now } ?? true }
        let post = WebhookPost(
            url: webhook.url, id: id, body: body, secrets: valid.map(\.bytes), attempts: attempts, at: now)
        let answer = await withCheckedContinuation { continuation in
            sender.send(post) { continuation.resume(returning: $0) }
        }
        if case .taken = answer { metrics.taken.increment() } else { metrics.failed.increment() }
        return answer
    }

    /// Returns once it is on disk.
    /// - Parameter letter: what could not be delivered on the way there.
    func write(_ progress: WebhookProgress, of webhook: Webhook, letter: DeadLetter? = nil) async throws {
        try await dispatcher.update { transaction in
            try transaction.setProgress(progress, ofWebhook: webhook.id)
            if let letter { try transaction.insert(letter) }
        }
        if letter != nil { metrics.givenUp.increment() }
    }
}

extension Webhook {
    /// What is posted: the events with what they are for.
    func body(_ batch: EventBatch) -> ByteBuffer {
        var body = ByteBuffer()
        body.writeJSONObject { object in
            object.member("type", string: "events")
            object.member("webhook", string: id)
            object.member("app", string: appID)
            if let gap = batch.gap { object.member("gap") { gap.write(to: &$0) } }
            object.member("events", raw: "[\(String(buffer: batch.text))]")
        }
        return body
    }
}
