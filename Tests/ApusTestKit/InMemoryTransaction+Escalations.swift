import ApusCore

/// Escalations, in memory.
struct InMemoryEscalations {
    var policies: [AppNumber: RoutePolicy] = [:]
    var all: [MessageID: Escalation] = [:]
    var records: [EscalationRecord] = []
}

extension InMemoryTransaction {
    func routePolicies() -> [AppNumber: RoutePolicy] { escalations.policies }

    func setPolicy(_ policy: RoutePolicy, of app: AppNumber) {
        escalations.policies[app] = policy.isEmpty ? nil : policy
    }

    func hasFamilies() -> Bool { escalations.all.values.contains { $0.end == nil && $0.plan.stopsAtFirst } }

    func dueEscalations(at now: Timestamp, limit: Int) -> [Escalation] {
        let due = escalations.all.values.filter { $0.due.map { $0 <= now } ?? false }
        return Array(due.sorted { ($0.due ?? now, $0.message) < ($1.due ?? now, $1.message) }.prefix(limit))
    }

    func escalation(of message: MessageID) -> Escalation? {
        let root = escalations.records.first { $0.child == message }?.message
        return escalations.all[root ?? message]
    }

    func family(of message: MessageID) -> Escalation? {
        escalation(of: message).flatMap { $0.end == nil && $0.plan.stopsAtFirst ? $0 : nil }
    }

    func children(of message: MessageID) -> [MessageID] { escalationRecords(of: message).compactMap(\.child) }

    func escalationRecords(of message: MessageID) -> [EscalationRecord] {
        escalations.records.filter { $0.message == message }.sorted { $0.step < $1.step }
    }

    func insert(_ escalation: Escalation) { escalations.all[escalation.message] = escalation }

    func update(_ escalation: Escalation) { escalations.all[escalation.message] = escalation }

    func insert(_ record: EscalationRecord) -> Int64 {
        var record = record
        record.id = Int64(escalations.records.count + 1)
        escalations.records.append(record)
        return record.id
    }

    func recipients(of message: MessageID, limit: Int) -> [String: Bool] {
        var recipients: [String: Bool] = [:]
        for (key, entry) in deliveries where key.message == message {
            guard entry.delivery.end != .failed("device.reassigned"),
                let alias = deviceList.first(where: { $0.number == key.device })?.alias
            else { continue }
            let isReached = entry.delivery.end == nil && !entry.delivery.isOpen
            recipients[alias] = recipients[alias] ?? false || isReached
        }
        return Dictionary(uniqueKeysWithValues: recipients.prefix(limit).map { ($0.key, $0.value) })
    }

    func mobile(of alias: String, app: AppNumber, tenant: String) -> String? {
        let own = deviceList.filter {
            $0.app == app && $0.alias == alias && $0.isActive && ($0.tenant.isEmpty || $0.tenant == tenant)
                && $0.mobile?.isEmpty == false
        }
        return own.max { ($0.registeredAt, $0.number) < ($1.registeredAt, $1.number) }?.mobile
    }

    private func openDevices(of message: MessageID) -> [(key: Key, device: Device)] {
        deliveries.filter { $0.key.message == message && $0.value.delivery.isOpen }.keys.compactMap { key in
            deviceList.first { $0.number == key.device && $0.isActive }.map { (key, $0) }
        }
    }

    func openKinds(of message: MessageID) -> [DeviceKind] {
        Array(Set(openDevices(of: message).map { DeviceKind(platform: $0.device.platform, vendor: $0.device.vendor) }))
    }

    func putIntoOutbox(of route: Route, _ app: AppNumber, _ message: MessageID, _ kind: DeviceKind) -> Int {
        var count = 0
        for (key, device) in openDevices(of: message)
        where device.platform == kind.platform && device.vendor == kind.vendor
            && deliveries[key]?.delivery.route != route
        {
            let delivery = DeliveryKey(message: message, device: key.device)
            guard outboxes[route]?[delivery] == nil else { continue }
            outboxes[route, default: [:]][delivery] = OutboxRow()
            count += 1
        }
        return count
    }

    func cancelNotices(of message: MessageID) {
        let rows = Set(escalationRecords(of: message).map(\.noticeRow))
        for index in business.notices.indices
        where rows.contains(business.notices[index].row) && business.notices[index].state == .waiting {
            business.notices[index].state = .cancelled
        }
    }

    func notices(of row: Int64, limit: Int) -> [Notice] {
        Array(business.notices.filter { $0.row == row }.sorted { $0.userNumber < $1.userNumber }.prefix(limit))
    }

    func isStopped(step: Int64) -> Bool {
        let message = escalations.records.first { $0.id == step }?.message
        let end = message.flatMap { escalations.all[$0]?.end }
        return end != nil && end != .done
    }

    func purgeEscalation(of message: MessageID) {
        let rows = Set(escalationRecords(of: message).map(\.noticeRow))
        business.notices.removeAll { rows.contains($0.row) }
        escalations.records.removeAll { $0.message == message }
        escalations.all[message] = nil
    }
}
