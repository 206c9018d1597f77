import ApusCore

private enum Statements {
    static let list: SQL = """
        SELECT w.public_id, w.app, a.public_id, w.url, w.states, w.secret, w.old_secret, w.old_until, w.created_at,
            w.after, w.attempts, w.not_before, w.problem
        FROM webhooks w JOIN apps a ON a.id = w.app ORDER BY w.id
        """
    static let put: SQL = """
        INSERT INTO webhooks (public_id, app, url, states, secret, old_secret, old_until, created_at, after)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (public_id) DO UPDATE SET url = excluded.url, states = excluded.states, secret = excluded.secret,
            old_secret = excluded.old_secret, old_until = excluded.old_until
        """
    static let setProgress: SQL = """
        UPDATE webhooks SET after = ?, attempts = ?, not_before = ?, problem = ? WHERE public_id = ?
        """
    static let delete: SQL = "DELETE FROM webhooks WHERE public_id = ?"
    static let deleteLetters: SQL = "DELETE FROM dead_letters WHERE webhook = ?"
}

extension SQLiteTransaction {
    private func webhook(_ row: SQLiteRow) -> Webhook {
        let earlier = row.optionalBlob(6).map { WebhookSecret($0, expiresAt: row.optionalTime(7)) }
        return Webhook(
            id: row.text(0), app: AppNumber(row.int(1)), appID: row.text(2), url: row.text(3),
            kinds: EventKinds(rawValue: UInt8(truncatingIfNeeded: row.int(4))),
            secrets: [WebhookSecret(row.blob(5))] + (earlier.map { [$0] } ?? []), createdAt: row.time(8),
            progress: WebhookProgress(
                after: EventID(row.int(9)), attempts: Int(row.int(10)), notBefore: row.time(11),
                problem: row.optionalText(12)))
    }

    func webhooks() throws -> [Webhook] {
        var webhooks: [Webhook] = []
        try database.rows(Statements.list) { webhooks.append(webhook($0)) }
        return webhooks
    }

    func putWebhook(_ webhook: Webhook) throws {
        let (secret, earlier) = (webhook.secrets.first, webhook.secrets.dropFirst().first)
        try database.run(
            Statements.put, webhook.id, webhook.app, webhook.url, Int64(webhook.kinds.rawValue), secret?.bytes ?? [],
            earlier?.bytes, earlier?.expiresAt, webhook.createdAt, webhook.progress.after.rawValue)
    }

    func setProgress(_ progress: WebhookProgress, ofWebhook id: String) throws {
        try database.run(
            Statements.setProgress, progress.after.rawValue, progress.attempts, progress.notBefore, progress.problem,
            id)
    }

    func removeWebhook(_ id: String) throws -> Bool {
        try database.run(Statements.deleteLetters, id)
        return try database.run(Statements.delete, id) > 0
    }
}
