import ApusCore

/// What messages with the same key to the same device have in common.
struct CollapseKey: Hashable {
    let device: DeviceNumber
    let scope: String
    let key: String
}

/// Messages that wait for their time, are taken back or replaced, and lists of them.
extension InMemoryTransaction {
    func dueMessages(at now: Timestamp, limit: Int) -> [MessageRecord] {
        let due = messages.values.filter { record in
            record.isWaiting && record.message.sendAt.map { $0 <= now } ?? false
        }
        return Array(due.sorted { $0.message.sentFrom < $1.message.sentFrom }.prefix(limit))
    }

    func release(_ message: Message, to targets: ArraySlice<Target>) {
        guard let record = messages[message.id] else { return }
        messages[message.id] = MessageRecord(
            message: record.message, audience: record.audience, cancelledAt: record.cancelledAt)
        insertDeliveries(of: message, to: targets)
    }

    func cancel(_ message: MessageID, at now: Timestamp) -> Int {
        if let record = messages[message] {
            messages[message] = MessageRecord(
                message: record.message, audience: record.audience, cancelledAt: record.cancelledAt ?? now)
        }
        return deliveries.keys.filter { key in
            key.message == message && end(key, .cancelled, at: now)
        }.count
    }

    func replaceUndelivered(by message: Message, for targets: ArraySlice<Target>, at now: Timestamp) {
        guard let key = message.content.collapseKey else { return }
        let scope = message.content.push.map { "endpoint \($0.endpoint.rawValue)" } ?? "tenant \(message.tenant)"
        for target in targets {
            let collapseKey = CollapseKey(device: target.device, scope: scope, key: key)
            if let earlier = collapseKeys[collapseKey] {
                let key = Key(message: earlier, device: target.device)
                if end(key, .cancelled, at: now) {
                    trails[key, default: []].append(.replaced(by: message.id, at: now))
                }
            }
            collapseKeys[collapseKey] = message.id
        }
    }

    func messages(_ filter: MessageFilter, before: MessageID?, limit: Int) -> [MessageRecord] {
        let matching = messages.values.filter { record in
            (before.map { record.message.id < $0 } ?? true)
                && (filter.appID.map { record.message.appID == $0 } ?? true)
                && (filter.state.map { record.state == $0 } ?? true)
        }
        return Array(matching.sorted { $0.message.id > $1.message.id }.prefix(limit))
    }
}
