import ApusCore

/// Where the deliveries of a message stand.
extension InMemoryTransaction {
    func counts(of message: MessageID) -> DeliveryCounts {
        var counts = DeliveryCounts()
        for (key, entry) in deliveries where key.message == message {
            counts.count(entry.delivery.state, entry.delivery.end)
        }
        return counts
    }

    private func record(_ key: Key, _ entry: (rule: Int, delivery: Delivery)) -> DeliveryRecord? {
        guard let device = deviceList.first(where: { $0.number == key.device }) else { return nil }
        return DeliveryRecord(
            device: key.device, deviceID: device.id, alias: device.alias, rule: entry.rule, delivery: entry.delivery)
    }

    func deliveries(of message: MessageID, after: DeviceNumber?, limit: Int) -> [DeliveryRecord] {
        let matching = deliveries.filter { $0.key.message == message && (after == nil || $0.key.device > after!) }
        return Array(matching.compactMap { record($0, $1) }.sorted { $0.device < $1.device }.prefix(limit))
    }

    func delivery(of message: MessageID, to device: DeviceNumber) -> DeliveryRecord? {
        let key = Key(message: message, device: device)
        return deliveries[key].flatMap { record(key, $0) }
    }

    func trail(of message: MessageID, to device: DeviceNumber) -> [TrailEntry] {
        trails[Key(message: message, device: device)] ?? []
    }
}
