import GRDB

/// Why the store cannot be opened, and what to do about it.
package struct StoreOpeningError: Error, Equatable, CustomStringConvertible {
    package let code: String
    package let description: String

    private init(code: String, _ description: String) {
        self.code = code
        self.description = description
    }

    static func unusableDirectory(_ directory: String, reason: String) -> Self {
        .init(
            code: "data_dir_unusable",
            "The data directory \(directory) cannot be used: \(reason). "
                + "Create it and make it writable, or choose another with --data-dir.")
    }

    static func inUse(_ directory: String, by process: String) -> Self {
        .init(
            code: "data_dir_in_use",
            "The data directory \(directory) is in use by another Apus (process \(process)). "
                + "Stop that one, or choose another directory with --data-dir.")
    }

    static func damaged(_ file: String, reason: String) -> Self {
        .init(
            code: "database_damaged",
            "The database \(file) is damaged (\(reason)). Restore it from a backup, or move it away to start empty; "
                + "`sqlite3 \(file) .recover` may save what is readable.")
    }

    static func missing(_ file: String) -> Self {
        .init(code: "database_missing", "There is no database \(file). Name the data directory with --data-dir.")
    }

    static func hidden(_ directory: String) -> Self {
        .init(
            code: "data_dir_hidden",
            "This user may not look into the directory \(directory). Run the command as the server's user.")
    }

    static func newer(_ file: String) -> Self {
        .init(
            code: "database_newer",
            "The database \(file) was written by a newer version of Apus. Install that version, or restore a backup "
                + "made by this one; nothing was changed.")
    }

    static func unsafe(_ file: String) -> Self {
        .init(code: "database_unsafe", "SQLite refuses to sync \(file) at each commit. Put it on another file system.")
    }

    init(_ error: DatabaseError, file: String) {
        switch error.resultCode {
        case .SQLITE_NOTADB, .SQLITE_CORRUPT:
            self = .damaged(file, reason: error.message ?? "\(error.resultCode)")
        case .SQLITE_FULL:
            self = .init(code: "disk_full", "There is no room on the disk of \(file). Free some and start again.")
        default:
            self = .init(
                code: "database_unusable",
                "The database \(file) cannot be opened: \(error.message ?? "\(error.resultCode)"). "
                    + "Check that the file and its directory are writable.")
        }
    }
}
