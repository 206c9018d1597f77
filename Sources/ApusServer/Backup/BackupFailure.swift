/// Why a backup cannot be made or restored, and what to do about it.
package struct BackupFailure: Error, Equatable, CustomStringConvertible {
    package let code: String
    package let description: String

    private init(_ code: String, _ description: String) {
        self.code = code
        self.description = description
    }

    static func exists(_ path: String) -> Self {
        .init("backup_exists", "There is something at \(path) already. Choose another place, or remove it.")
    }

    static func unwritable(_ path: String, _ reason: String) -> Self {
        .init("backup_unwritable", "\(path) cannot be written, and nothing of this backup is left there. \(reason)")
    }

    static func noBackup(_ directory: String) -> Self {
        .init(
            "no_backup",
            "\(directory) is no backup: it has no \(BackupManifest.name). Name the directory that `apus backup` made.")
    }

    static func newerFormat(_ directory: String, _ version: String) -> Self {
        .init("backup_newer", "The backup \(directory) was made by Apus \(version). Use that version, or a later one.")
    }

    static func damaged(_ directory: String, _ reason: String) -> Self {
        .init("backup_damaged", "The backup \(directory) is damaged: \(reason). Use another one.")
    }

    static func notEmpty(_ directory: String, _ name: String) -> Self {
        .init(
            "data_dir_not_empty",
            "The data directory \(directory) is not empty (\(name)). Move what is in it away first, or restore into "
                + "another with --data-dir.")
    }

    static func otherKey(_ path: String) -> Self {
        .init("other_key", "At \(path) is another key file than that of the backup. Move it away first.")
    }

    static func wrongPassphrase(_ path: String) -> Self {
        .init("wrong_passphrase", "The passphrase does not open \(path).")
    }

    static func unusableKey(_ path: String) -> Self {
        .init("unusable_key_file", "The key file \(path) cannot be read. Name the right one with server.key_file.")
    }
}
