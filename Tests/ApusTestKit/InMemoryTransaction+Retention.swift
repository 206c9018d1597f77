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
        keys = keys.filter { $0.value.at >= time }
        return false
    }

    func retention(of app: AppNumber) -> AppRetention { retentions[app] ?? AppRetention() }
    func setRetention(_ retention: AppRetention, of app: AppNumber) { retentions[app] = retention }

    func firstKept(of app: AppNumber, by retention: Retention, at now: Timestamp) -> MessageID? {
        let all = messages.values.map(\.message).filter { $0.app == app }.sorted { $0.id < $1.id }
        let latest = retention.count > 0 ? all.suffix(Int(retention.count)).first : nil
        var kept = MessageID(lowestAt: now.adding(seconds: -retention.age))
        if let latest, latest.acceptedAt <= now { kept = max(kept, latest.acceptedFrom) }
        return removable(app, before: kept).isEmpty ? nil : kept
    }

    func purge(_ app: AppNumber, before kept: MessageID, limit: Int) -> (removed: Int, hasMore: Bool) {
        let old = removable(app, before: kept).prefix(limit)
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

    private func removable(_ app: AppNumber, before kept: MessageID) -> [MessageID] {
        let ended = swept.compactMap { messages[$0]?.message }.filter { $0.app == app && $0.keptFrom < kept }
        return ended.sorted { $0.keptFrom < $1.keptFrom }.map(\.id)
    }
}

extension Message {
    fileprivate var acceptedFrom: MessageID { acceptedAt == id.time ? id : MessageID(lowestAt: acceptedAt) }
    fileprivate var keptFrom: MessageID { sendAt.map { MessageID(lowestAt: $0) } ?? acceptedFrom }
}
