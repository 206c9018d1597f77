import ApusCore

/// Webhooks.
extension InMemoryTransaction {
    func webhooks() -> [Webhook] { webhookList }

    func putWebhook(_ webhook: Webhook) {
        guard let index = webhookList.firstIndex(where: { $0.id == webhook.id }) else {
            return webhookList.append(webhook)
        }
        let progress = webhookList[index].progress
        webhookList[index] = webhook
        webhookList[index].progress = progress
    }

    func setProgress(_ progress: WebhookProgress, ofWebhook id: String) {
        guard let index = webhookList.firstIndex(where: { $0.id == id }) else { return }
        webhookList[index].progress = progress
    }

    func removeWebhook(_ id: String) -> Bool {
        business.letters.removeAll { $0.post?.webhook == id }
        let count = webhookList.count
        webhookList.removeAll { $0.id == id }
        return webhookList.count < count
    }
}
