import ApusXMPP

/// The pushes that were kept last. A gateway whose answer was lost sends again what the distributor has.
struct RecentPushes {
    private struct Entry: Equatable {
        let sender: String
        let id: String
        let payload: [UInt8]
    }

    private static let most = 128

    private var entries: [Entry] = []

    func contains(_ push: GatewayPush) -> Bool {
        entry(push).map(entries.contains) ?? false
    }

    mutating func append(_ push: GatewayPush) {
        guard let entry = entry(push) else { return }
        if entries.count == Self.most { entries.removeFirst() }
        entries.append(entry)
    }

    private func entry(_ push: GatewayPush) -> Entry? {
        guard let sender = push.stanza.attribute("from"), let id = push.stanza.attribute("id"),
            let payload = push.payload
        else { return nil }
        return Entry(sender: sender, id: id, payload: payload)
    }
}
