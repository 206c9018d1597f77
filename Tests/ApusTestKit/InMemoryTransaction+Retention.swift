import ApusCore

/// What expires, and what is kept.
extension InMemoryTransaction {
    func expire(at now: Timestamp, limit: Int) -> (ended: Int, hasMore: Bool) {
        var ended = 0
        for key in deliveries.keys where messages[key.message].map({ $0.message.expiresAt <= now }) ?? false {
            if end(key, .expired, at: now) { ended += 1 }
        }
        swept.formUnion(messages.values.filter { $0.message.expiresAt <= now && !$0.isWaiting }.map(\.message.id))
        return (ended, false)
    }

    func forgetKeys(before time: Timestamp, limit: Int) -> Bool {
        keys = keys.filter { $0.value >= MessageID(lowestAt: time) }
        return false
    }

    func retention(of app: AppNumber) -> AppRetention { retentions[app] ?? AppRetention() }
    func setRetention(_ retention: AppRetention, of app: AppNumber) { retentions[app] = retention }

    func firstKept(of app: AppNumber, by retention: Retention, at now: Timestamp) -> MessageID? {
        let all = messages.values.filter { $0.message.app == app }.map(\.message.id).sorted()
        let latest = retention.count > 0 ? all.suffix(Int(retention.count)).first : nil
        let kept = max(MessageID(lowestAt: now.adding(seconds: -retention.age)), latest ?? .zero)
        return all.contains { $0 < kept && swept.contains($0) } ? kept : nil
    }

    func purge(_ app: AppNumber, before kept: MessageID, limit: Int) -> (removed: Int, hasMore: Bool) {
        let removable = swept.filter { $0 < kept && messages[$0]?.message.app == app }
        let old = removable.sorted().prefix(limit)
        swept.subtract(old)
        for id in old {
            messages[id] = nil
            collapseKeys = collapseKeys.filter { $0.value != id }
            purgeEscalation(of: id)
            for key in deliveries.keys where key.message == id {
                deliveries[key] = nil
                trails[key] = nil
            }
        }
        return (old.count, old.count == limit)
    }
}
