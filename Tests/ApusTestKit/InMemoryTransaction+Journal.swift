import ApusCore

/// The journal.
extension InMemoryTransaction {
    func record(_ event: StateEvent) {
        journal.append(event)
        eventCount += 1
    }

    func record(_ events: [StateEvent]) {
        for event in events { record(event) }
    }

    /// - Returns: whether it had not ended before.
    @discardableResult
    func end(_ key: Key, _ end: DeliveryEnd, at now: Timestamp) -> Bool {
        guard let earlier = deliveries[key]?.delivery, deliveries[key]!.delivery.apply(.ended(end), at: now) else {
            return false
        }
        record(deliveries[key]!.delivery.events(since: earlier, of: key.message, to: key.device))
        return true
    }

    func lastEvent() -> EventID { EventID(journalStart + Int64(journal.count) - 1) }

    func journal(after: EventID, limit: Int) -> JournalPage? {
        let skipped = max(0, Int(after.rawValue - journalStart) + 1)
        let events = journal.dropFirst(skipped).prefix(limit)
        return events.isEmpty
            ? nil : JournalPage(first: EventID(journalStart + Int64(skipped)), events: Array(events))
    }

    func face(of device: DeviceNumber) -> DeviceFace? {
        deviceList.first { $0.number == device }.map {
            let isDeleted = deleted.contains(device)
            return DeviceFace(
                id: isDeleted ? nil : $0.id, alias: isDeleted ? nil : $0.alias, app: $0.app, appID: $0.appID)
        }
    }

    func purgeJournal(before time: Timestamp, keeping: Int64, at now: Timestamp, limit: Int) -> Bool {
        let times = journal.indices.map { index in journal[index...].first { $0.at <= now }?.at ?? now }
        let old = times.prefix { $0 < time }.count
        let removed = min(max(old, journal.count - Int(keeping)), limit, journal.count - 1)
        guard removed > 0 else { return false }
        journal.removeFirst(removed)
        journalStart += Int64(removed)
        return removed == limit
    }
}
