import Logging
import NIOCore
import Synchronization

/// All webhooks, each with a courier at work.
package final class WebhookBook: Sendable {
    private struct Running {
        let courier: WebhookCourier
        let task: Task<Void, Never>
    }

    private let context: WebhookContext
    private let box: SecretBox
    private let running = Mutex<[String: Running]>([:])

    package init(
        dispatcher: Dispatcher, hub: EventHub, box: SecretBox, sender: any WebhookSender,
        settings: WebhookSettings = WebhookSettings(), metrics: WebhookMetrics
    ) {
        context = WebhookContext(
            dispatcher: dispatcher, hub: hub, sender: sender, settings: settings, metrics: metrics)
        self.box = box
    }

    /// Puts couriers to work for all webhooks there are.
    package func load() async throws {
        for webhook in try await context.dispatcher.query({ try $0.webhooks() }) { start(webhook) }
    }

    /// Ends all work; what is under way is posted again at the next start.
    package func stop() async {
        let all = running.withLock { running in
            defer { running = [:] }
            return Array(running.values)
        }
        for one in all { one.task.cancel() }
        await context.sender.shutdown()
        for one in all { await one.task.value }
    }

    /// For how many seconds the oldest event waits that a webhook has not delivered; 0 if there is none.
    package var lagSeconds: Double {
        let oldest = running.withLock { $0.values.compactMap(\.courier.oldest).min() }
        guard let oldest else { return 0 }
        return max(0, Double(context.clock.now.milliseconds - oldest.milliseconds) / 1000)
    }

    // MARK: What operators do

    /// All webhooks or those of one app, in the order in which they were made, without their secrets.
    package func list(appID: String?) async throws -> [Webhook] {
        let all = try await context.dispatcher.query { try $0.webhooks() }
        return all.filter { appID == nil || $0.appID == appID }.map { $0.with(secrets: []) }
    }

    /// - Throws: `ApusError` if there is none.
    package func webhook(_ id: String) async throws -> Webhook {
        let all = try await context.dispatcher.query { try $0.webhooks() }
        guard let webhook = all.first(where: { $0.id == id }) else { throw ApusError.unknownWebhook }
        return webhook
    }

    /// Makes a webhook, which hears of what happens from now on.
    /// - Returns: it, and the secret that its receiver checks signatures with.
    /// - Throws: `ApusError` if nothing could be posted there, or the app has as many as it may.
    package func add(
        to app: App, url: String, kinds: EventKinds,
        noting act: @escaping @Sendable (Webhook) -> AuditAct? = { _ in nil }
    ) async throws -> (Webhook, secret: String) {
        try context.sender.check(url: url)
        let (id, secret, now, most) = (
            RandomToken.hex128(), WebhookSignature.newSecret(), context.clock.now, context.settings.most
        )
        let box = box
        let webhook = try await context.dispatcher.update(noting: act) { transaction in
            guard try transaction.webhooks().count(where: { $0.app == app.number }) < most else {
                throw ApusError(
                    .conflict, code: "too_many_webhooks",
                    "The app has \(most) webhooks, as many as it may. Remove some.")
            }
            let webhook = Webhook(
                id: id, app: app.number, appID: app.id, url: url, kinds: kinds, secrets: [], createdAt: now,
                progress: WebhookProgress(after: try transaction.lastEvent()))
            let sealed = webhook.with(secrets: [WebhookSecret(box.seal(secret, for: webhook.sealingName))])
            try transaction.putWebhook(sealed)
            return sealed
        }
        start(webhook)
        return (webhook.with(secrets: []), WebhookSignature.text(of: secret))
    }

    /// Forgets a webhook, and what could not be delivered to it.
    package func remove(_ id: String, noting act: AuditAct? = nil) async throws {
        let isKnown = try await context.dispatcher.update(noting: { $0 ? act : nil }) { try $0.removeWebhook(id) }
        guard isKnown else { throw ApusError.unknownWebhook }
        await end(id)
    }

    /// Gives a webhook a new secret. The one it had signs too for a while, so that its receiver can change over.
    /// - Returns: the new secret.
    package func rotateSecret(_ id: String, noting act: AuditAct? = nil) async throws -> String {
        let (secret, now) = (WebhookSignature.newSecret(), context.clock.now)
        let (box, overlap) = (box, context.settings.overlapSeconds)
        try await context.dispatcher.update(noting: { _ in act }) { transaction in
            guard let webhook = try transaction.webhooks().first(where: { $0.id == id }) else {
                throw ApusError.unknownWebhook
            }
            let earlier = webhook.secrets.prefix(1).map {
                WebhookSecret($0.bytes, expiresAt: now.adding(seconds: overlap))
            }
            try transaction.putWebhook(
                webhook.with(secrets: [WebhookSecret(box.seal(secret, for: webhook.sealingName))] + earlier))
        }
        await end(id)
        start(try await webhook(id))
        return WebhookSignature.text(of: secret)
    }

    /// Posts a test to the receiver, once.
    package func test(_ id: String) async throws -> WebhookAnswer {
        let webhook = try await webhook(id)
        var body = ByteBuffer()
        body.writeJSONObject { object in
            object.member("type", string: "test")
            object.member("webhook", string: webhook.id)
            object.member("app", string: webhook.appID)
        }
        return await context.post(
            body, id: "\(webhook.id)-test-\(context.clock.now.milliseconds)", to: webhook, opened(webhook), attempts: 0)
    }

    /// Posts once more what could not be delivered.
    /// - Throws: `ApusError` that says why it was not taken; it stays a dead letter then.
    package func replay(_ letter: DeadLetter, noting act: AuditAct? = nil) async throws {
        guard let post = letter.post else { throw ApusError.unknownDeadLetter }
        let webhook = try await webhook(post.webhook)
        let answer = await context.post(
            ByteBuffer(string: post.body), id: post.id, to: webhook, opened(webhook), attempts: 0)
        if case .failed(let reason, _) = answer {
            throw ApusError(
                .unavailable(retryAfter: 60), code: "webhook_failed", "The receiver did not take it: \(reason).")
        }
        _ = try await context.dispatcher.update(noting: { _ in act }) { try $0.removeDeadLetter(letter.id) }
    }

    // MARK: Couriers

    private func start(_ webhook: Webhook) {
        let courier = WebhookCourier(webhook, secrets: opened(webhook), context)
        let task = Task { await courier.run() }
        let earlier = running.withLock { $0.updateValue(Running(courier: courier, task: task), forKey: webhook.id) }
        earlier?.task.cancel()
    }

    /// Returns once nothing more is posted or written for it.
    private func end(_ id: String) async {
        guard let running = running.withLock({ $0.removeValue(forKey: id) }) else { return }
        running.task.cancel()
        await running.task.value
    }

    /// Its secrets in clear.
    private func opened(_ webhook: Webhook) -> [WebhookSecret] {
        webhook.secrets.compactMap { secret in
            guard let bytes = box.open(secret.bytes, for: webhook.sealingName) else {
                context.logger.error(
                    "a webhook's secret cannot be decrypted: the key file is another one; rotate the secret",
                    metadata: ["webhook": "\(webhook.id)"])
                return nil
            }
            return WebhookSecret(bytes, expiresAt: secret.expiresAt)
        }
    }
}

extension ApusError {
    package static let unknownWebhook = ApusError(
        .notFound, code: "unknown_webhook", "There is no webhook with this id.")
}
