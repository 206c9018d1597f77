import ApusCore
import ApusStore
import Foundation

/// What operators ask, with millions of deliveries stored.
enum StatusBenchmarks {
    private static let devices = 10_000
    private static let messages = 500
    private static let manyDevices = 100_000

    static func run() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("apus-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let store = try SQLiteMessageStore(directory: directory)
        let (app, numbers) = try StoreBenchmarks.fill(store)
        var identifiers = MessageIDGenerator(node: NodeNumber(0), last: .zero)
        var sent: [MessageID] = []
        for _ in 0..<messages {
            try store.write { transaction in
                sent.append(
                    try StoreBenchmarks.send(Audience(.all), app, transaction, &identifiers, confirm: false))
            }
        }
        try measure("status: explain one of \(devices * messages) deliveries", count: 1000) {
            try store.read { snapshot in
                for index in 0..<1000 {
                    let (message, device) = (sent[index * 7 % messages], numbers[index * 13 % devices])
                    use(try snapshot.message(message))
                    use(try snapshot.delivery(of: message, to: device))
                    use(try snapshot.trail(of: message, to: device))
                }
            }
        }
        let (largeApp, _) = try StoreBenchmarks.fill(store, "large", devices: manyDevices)
        var large: MessageID?
        try store.write {
            large = try StoreBenchmarks.send(Audience(.all), largeApp, $0, &identifiers, confirm: false)
        }
        for (count, messages) in [(devices, Array(sent.prefix(10))), (manyDevices, [large!])] {
            try measure("status: counts, 100 deliveries of a message to \(count)", count: messages.count) {
                try store.read { snapshot in
                    for message in messages {
                        use(try snapshot.counts(of: message))
                        use(try snapshot.deliveries(of: message, after: nil, limit: 100))
                    }
                }
            }
        }
        let filters = [MessageFilter(), MessageFilter(appID: app.id), MessageFilter(appID: app.id, state: .scheduled)]
        for filter in filters {
            try measure("status: 100 messages, \(filter.state?.rawValue ?? filter.appID ?? "all")", count: 100) {
                try store.read { snapshot in
                    for _ in 0..<100 { use(try snapshot.messages(filter, before: nil, limit: 100)) }
                }
            }
        }
        try store.close()
    }
}
