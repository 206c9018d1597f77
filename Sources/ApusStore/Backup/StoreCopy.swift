package import ApusCore
import Foundation
import GRDB

/// A copy of a store, which a server may be writing to meanwhile.
///
/// SQLite's backup interface reads the pages in one read transaction: what is committed meanwhile goes into the
/// write-ahead log and not into the copy. No writer waits, and the copy never has to begin anew.
package enum StoreCopy {
    /// Pages between two syncs, so that the disk never has much of the copy to write at once.
    private static let pagesPerStep: CInt = 2048

    /// Makes `file`, which is one plain file when this returns, synced to disk.
    /// - Parameter progress: told which part is done, from 0 to 1.
    /// - Throws: `StoreOpeningError`, also if the copy cannot be written.
    package static func make(of directory: String, at file: String, progress: (Double) -> Void) throws {
        do {
            try copy(directory, to: file, progress)
        } catch let error as DatabaseError {
            throw StoreOpeningError(error, file: file)
        }
    }

    private static func copy(_ directory: String, to file: String, _ progress: (Double) -> Void) throws {
        let source = try StoreFile.open(StoreFile.path(in: directory))
        var configuration = Configuration()
        configuration.prepareDatabase { database in
            // Nobody reads a copy that is not complete.
            try database.execute(sql: "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
        }
        let copy = try DatabaseQueue(path: file, configuration: configuration)
        let written = try FileHandle(forUpdating: URL(fileURLWithPath: file))
        try source.read { database in
            // Begins the transaction: SQLite does so at the first read only.
            try StoreFile.refuseNewer(database, StoreFile.path(in: directory))
            try copy.writeWithoutTransaction { copy in
                try withoutActuallyEscaping(progress) { progress in
                    try database.backup(to: copy, pagesPerStep: pagesPerStep) { step in
                        try written.synchronize()
                        progress(Double(step.completedPageCount) / Double(max(step.totalPageCount, 1)))
                    }
                }
            }
        }
        try source.close()
        try copy.close()
        try leaveOneFile(file)
        try written.synchronize()
        try written.close()
    }

    /// A copy says of itself that it has a write-ahead log, as its source has.
    private static func leaveOneFile(_ file: String) throws {
        let copy = try DatabaseQueue(path: file)
        try copy.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
        try copy.close()
    }
}

/// The file of a store, opened beside the server.
package enum StoreFile {
    static func path(in directory: String) -> String { directory + "/apus.db" }

    /// Reads from a consistent view of a data directory's store.
    /// - Throws: `StoreOpeningError`, or what `body` throws.
    package static func read<Result>(
        _ directory: String, _ body: (any StoreSnapshot) throws -> Result
    ) throws -> Result {
        let file = path(in: directory)
        do {
            let queue = try open(file)
            let result = try queue.read { try body(SQLiteTransaction($0)) }
            try queue.close()
            return result
        } catch let error as DatabaseError {
            throw StoreOpeningError(error, file: file)
        }
    }

    /// Whether this process may not see what is in a directory.
    private static func isHidden(_ directory: String) -> Bool {
        access(directory, X_OK) != 0 && errno == EACCES
    }

    /// - Throws: `StoreOpeningError` if a newer version of Apus wrote it.
    static func refuseNewer(_ database: Database, _ file: String) throws {
        if try SQLiteSchema.migrator.hasBeenSuperseded(database) { throw StoreOpeningError.newer(file) }
    }

    /// - Throws: `StoreOpeningError` if there is none, or if it is no database.
    static func open(_ file: String) throws -> DatabaseQueue {
        // SQLite would make one.
        guard FileManager.default.fileExists(atPath: file) else {
            let directory = (file as NSString).deletingLastPathComponent
            throw isHidden(directory) ? StoreOpeningError.hidden(directory) : StoreOpeningError.missing(file)
        }
        var configuration = Configuration()
        configuration.label = "apus.reader"
        configuration.busyMode = .timeout(10)
        do {
            return try DatabaseQueue(path: file, configuration: configuration)
        } catch let error as DatabaseError {
            throw StoreOpeningError(error, file: file)
        }
    }
}
