import ApusCore
import GRDB
import Testing

@testable import ApusStore

@Suite("SQLiteTransaction, device lists")
struct DeviceListReadTests {
    @Test("however many devices are connected, one read finds out which of them match")
    func oneRead() throws {
        let queue = try DatabaseQueue()
        try SQLiteSchema.migrator.migrate(queue)
        try queue.read { database in
            let transaction = SQLiteTransaction(database)
            var reads: [String] = []
            database.trace { reads.append("\($0)") }
            let found = try transaction.devices(
                DeviceFilter(alias: "nobody"), among: (1...10_000).map { DeviceNumber($0) }, limit: 10)
            #expect(found.isEmpty && reads.count == 1)
            database.trace(options: [])
        }
    }
}
