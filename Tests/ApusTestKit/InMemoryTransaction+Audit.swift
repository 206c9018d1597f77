import ApusCore

extension InMemoryTransaction {
    func auditHead() -> AuditHead? { auditEnd }
    func lastAuditEntry() -> AuditEntry? { auditList.last }

    func auditEntries(after: Int64, limit: Int) -> [AuditEntry] {
        Array(auditList.filter { $0.sequence > after }.prefix(limit))
    }

    func auditEntries(_ filter: AuditFilter, before: Int64?, limit: Int) -> [AuditEntry] {
        let found = auditList.reversed().filter { entry in
            entry.sequence < before ?? .max && filter.since.map { entry.at >= $0 } ?? true
                && filter.actor.map { entry.act.actor == $0 } ?? true
                && filter.act.map { entry.act.name == $0 || entry.act.name.hasPrefix($0 + ".") } ?? true
        }
        return Array(found.prefix(limit))
    }

    func messagesByApp(after message: MessageID) -> [AppMessages] {
        let later = messages.keys.filter { $0 > message }.sorted()
        return appList.compactMap { app in
            let own = later.filter { messages[$0]?.message.app == app.number }
            guard let first = own.first, let last = own.last else { return nil }
            return AppMessages(appID: app.id, messages: own.count, first: first, last: last)
        }
    }

    func append(_ entry: AuditEntry) { auditList.append(entry) }
    func setAuditHead(_ head: AuditHead) { auditEnd = head }
}
