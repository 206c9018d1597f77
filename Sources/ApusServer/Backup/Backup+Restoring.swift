import ApusStore
import Foundation

extension Backup {
    package struct Restored: Sendable {
        package let manifest: BackupManifest
        /// Where the key file is expected.
        package let keyFile: String
        package let hasKey: Bool
    }

    /// Puts a backup into an empty data directory, which is made if it is missing.
    /// - Parameter passphrase: what the key file was encrypted with; nil to leave the key file out.
    /// - Throws: `BackupFailure` or `StoreOpeningError`. The data directory is then left as it was.
    package static func restore(
        _ directory: String, to configuration: Configuration, passphrase: String?, progress: Progress
    ) throws -> Restored {
        let manifest = try BackupManifest.read(from: directory)
        guard StoreInspection.schemas.contains(manifest.schema) else {
            throw BackupFailure.newerFormat(directory, manifest.version)
        }
        let data = configuration.server.dataDirectory
        let isNew = !FileManager.default.fileExists(atPath: data)
        let lock = try claim(data)
        do {
            let keyFile = KeyFile.path(configuration)
            let key = try key(of: directory, manifest, passphrase)
            if let key, let present = try? String(contentsOfFile: keyFile, encoding: .utf8), present != key {
                throw BackupFailure.otherKey(keyFile)
            }
            try restoreDatabase(directory, manifest, to: data, progress)
            if let key { try PrivateFile.write(key, to: keyFile) }
            try giveToOwner(of: data)
            try SyncedFile.syncDirectory(data)
            let hasKey = FileManager.default.fileExists(atPath: keyFile)
            return withExtendedLifetime(lock) { Restored(manifest: manifest, keyFile: keyFile, hasKey: hasKey) }
        } catch {
            for name in [database, database + ".new"] {
                try? FileManager.default.removeItem(atPath: data + "/" + name)
            }
            if isNew { try? FileManager.default.removeItem(atPath: data) }
            throw error
        }
    }

    /// Makes sure that nobody uses the directory, and that there is nothing in it.
    private static func claim(_ directory: String) throws -> DataDirectoryLock {
        let files = FileManager.default
        do {
            try files.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw BackupFailure.unwritable(directory, error.localizedDescription)
        }
        let present = try files.contentsOfDirectory(atPath: directory).sorted()
        // A running server is the better reason, so it is looked for first; but no lock is left in a foreign directory.
        let lock = present.isEmpty || present.contains(lockFile) ? try DataDirectoryLock(directory: directory) : nil
        if let name = present.first(where: { $0 != lockFile }) { throw BackupFailure.notEmpty(directory, name) }
        return try lock ?? DataDirectoryLock(directory: directory)
    }

    private static let lockFile = "apus.lock"

    private static func key(of directory: String, _ manifest: BackupManifest, _ passphrase: String?) throws -> String? {
        guard let passphrase, let file = manifest.file(SealedKey.name) else { return nil }
        let path = directory + "/" + file.name
        guard FileManager.default.fileExists(atPath: path) else {
            throw BackupFailure.damaged(directory, "\(file.name) is missing")
        }
        guard try SyncedFile.digest(path) == file else {
            throw BackupFailure.damaged(directory, "\(file.name) is not as it was made")
        }
        guard let key = try SealedKey.read(from: directory).open(passphrase: passphrase) else {
            throw BackupFailure.wrongPassphrase(path)
        }
        return key
    }

    private static func restoreDatabase(
        _ directory: String, _ manifest: BackupManifest, to data: String, _ progress: Progress
    ) throws {
        let source = directory + "/" + database
        guard let file = manifest.file(database), FileManager.default.fileExists(atPath: source) else {
            throw BackupFailure.damaged(directory, "\(database) is missing")
        }
        let target = data + "/" + database
        let found: BackupManifest.File
        do {
            found = try SyncedFile.digest(source, copyingTo: target + ".new") { progress("restoring the database", $0) }
        } catch {
            throw BackupFailure.unwritable(data, error.localizedDescription)
        }
        guard found == file else {
            throw BackupFailure.damaged(directory, "\(database) is not as it was made: \(file.difference(found))")
        }
        try SyncedFile.rename(target + ".new", to: target)
    }

    /// What root restores is of use to the server only if it may write to it.
    private static func giveToOwner(of directory: String) throws {
        guard geteuid() == 0 else { return }
        let owner = try FileManager.default.attributesOfItem(atPath: directory)
        let attributes = owner.filter { [.ownerAccountID, .groupOwnerAccountID].contains($0.key) }
        for name in try FileManager.default.contentsOfDirectory(atPath: directory) {
            try FileManager.default.setAttributes(attributes, ofItemAtPath: directory + "/" + name)
        }
    }
}
