package import ApusCore
import Foundation
import GRDB
import Synchronization

/// The embedded store: one SQLite file, written ahead and synced at each commit.
package final class SQLiteMessageStore: MessageStore {
    private let pool: DatabasePool
    /// Held for as long as the store lives.
    private let lock: DataDirectoryLock
    private let file: String
    private let keepsJournal: Bool
    private let largestUncounted: Int
    /// The messages whose counts are kept, as of the last commit.
    private let counted: Mutex<Set<MessageID>>
    private let writes = Atomic<Int>(0)

    /// Opens the store in `directory`, which is made if it is missing, and brings it to this version's schema.
    /// - Parameters:
    ///   - largestFile: the size in bytes that the database file may reach; nil for as much as the disk has.
    ///   - keepsJournal: whether what happens to deliveries is written into the journal.
    ///   - largestUncounted: the most deliveries of a message that are counted whenever somebody asks how they stand. Of
    ///     messages to more the counts are kept.
    /// - Throws: `StoreOpeningError` with what to do.
    package init(directory: String, largestFile: Int64? = nil, keepsJournal: Bool = true, largestUncounted: Int = 1000)
        throws
    {
        self.keepsJournal = keepsJournal
        self.largestUncounted = largestUncounted
        file = directory + "/apus.db"
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw StoreOpeningError.unusableDirectory(directory, reason: error.localizedDescription)
        }
        lock = try DataDirectoryLock(directory: directory)
        do {
            pool = try DatabasePool(path: file, configuration: Self.configuration)
            try Self.prepare(pool, file: file, largestFile: largestFile)
            counted = Mutex(try pool.read { try SQLiteTransaction($0).countedMessages() })
            if !keepsJournal { try interruptJournal() }
        } catch let error as DatabaseError {
            throw StoreOpeningError(error, file: file)
        }
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.label = "apus.store"
        configuration.maximumReaderCount = 4
        configuration.busyMode = .timeout(busyTime)
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY;")
        }
        return configuration
    }

    /// Seconds that another process, which writes to the file too, is waited for.
    private static let busyTime: TimeInterval = 10

    private static func prepare(_ pool: DatabasePool, file: String, largestFile: Int64?) throws {
        try pool.writeWithoutTransaction { database in
            // GRDB chooses NORMAL with write-ahead logging, which syncs only at checkpoints.
            try database.execute(
                sql: "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 2000; "
                    + "PRAGMA journal_size_limit = \(largestLog)")
            guard try Int.fetchOne(database, sql: "PRAGMA synchronous") == 2 else {
                throw StoreOpeningError.unsafe(file)
            }
            try check(database, file: file)
        }
        try pool.read { try StoreFile.refuseNewer($0, file) }
        try SQLiteSchema.migrator.migrate(pool)
        if let largestFile {
            try pool.writeWithoutTransaction { database in
                let pageSize = try Int64.fetchOne(database, sql: "PRAGMA page_size") ?? 4096
                try database.execute(sql: "PRAGMA max_page_count = \(max(largestFile / pageSize, 64))")
            }
        }
    }

    private func interruptJournal() throws {
        try pool.write { try SQLiteTransaction($0).interruptJournal() }
    }

    /// Small files are checked page by page; large ones would take too long at each start.
    private static let largestChecked: Int64 = 256 << 20

    private static func check(_ database: Database, file: String) throws {
        let size = try Int64.fetchOne(
            database, sql: "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        guard let size, size <= largestChecked else { return }
        let result = try String.fetchOne(database, sql: "PRAGMA quick_check(1)")
        guard result == "ok" else { throw StoreOpeningError.damaged(file, reason: result ?? "no answer") }
    }

    package func write(_ body: (any StoreTransaction) throws -> Void) throws {
        try pool.writeWithoutTransaction { database in
            let tally = DeliveryTally(of: counted.withLock { $0 }, above: largestUncounted)
            try database.inTransaction(.immediate) {
                let transaction = SQLiteTransaction(
                    database, journal: JournalDraft(isKept: keepsJournal), tally: tally)
                try body(transaction)
                try transaction.writeTally()
                try transaction.writeJournal()
                return .commit
            }
            counted.withLock { $0 = tally.messages }
            try boundLog(database)
        }
    }

    /// The size in bytes that the write-ahead log may reach before it is started anew. SQLite does that by itself only
    /// when nobody reads, which on a busy server may be never.
    private static let largestLog: Int64 = 64 << 20
    /// Milliseconds that readers are waited for to do so. One that reads for long, as a backup does, must not hold up
    /// the writer: the log then grows until it has ended.
    private static let patience = 20

    private func boundLog(_ database: Database) throws {
        guard writes.add(1, ordering: .relaxed).newValue % 256 == 0 else { return }
        var status = stat()
        guard stat(file + "-wal", &status) == 0, status.st_size > Self.largestLog else { return }
        try database.execute(sql: "PRAGMA busy_timeout = \(Self.patience)")
        defer { try? database.execute(sql: "PRAGMA busy_timeout = \(Int(Self.busyTime * 1000))") }
        try database.execute(sql: "PRAGMA wal_checkpoint(RESTART)")
    }

    package func read<Result>(_ body: (any StoreSnapshot) throws -> Result) throws -> Result {
        try pool.read { try body(SQLiteTransaction($0)) }
    }

    package func close() throws {
        // One file is left, which can be copied.
        try? pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
        try pool.close()
    }
}

/// One connection inside a transaction. What it can do stands in the extensions, a file per subject.
struct SQLiteTransaction: StoreTransaction {
    let database: SQLiteStatements
    let journal: JournalDraft
    let tally: DeliveryTally

    /// - Parameters:
    ///   - journal: takes what is done to deliveries; what only reads needs none.
    ///   - tally: the same, for the counts.
    init(
        _ database: Database, journal: JournalDraft = JournalDraft(isKept: false),
        tally: DeliveryTally = DeliveryTally()
    ) {
        self.database = SQLiteStatements(database)
        self.journal = journal
        self.tally = tally
    }
}
