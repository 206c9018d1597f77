package import ApusCore
package import ApusStore
import Foundation

/// A directory with a copy of everything that a server must not lose: the database, if asked the key file, and a
/// manifest by which both are checked.
package enum Backup {
    static let database = "apus.db"

    /// What is told while it takes long: what is being done, and which part of it is done, if that is known.
    package typealias Progress = (_ work: String, _ part: Double?) -> Void

    /// Makes a backup, also while a server runs on the data: it is of the moment when the copying begins.
    /// - Parameters:
    ///   - directory: where it is made; it is there in full or not at all.
    ///   - passphrase: what the key file is encrypted with; nil to leave the key file out.
    ///   - version: of this program.
    /// - Throws: `BackupFailure` or `StoreOpeningError`.
    package static func make(
        of configuration: Configuration, at directory: String, passphrase: String?, version: String,
        progress: Progress
    ) throws -> BackupManifest {
        let files = FileManager.default
        guard !files.fileExists(atPath: directory) else { throw BackupFailure.exists(directory) }
        let unfinished = directory + ".unfinished"
        do {
            // One that was interrupted leaves this behind.
            try? files.removeItem(atPath: unfinished)
            try files.createDirectory(
                atPath: unfinished, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            let manifest = try fill(unfinished, configuration, passphrase, version, progress)
            try SyncedFile.syncDirectory(unfinished)
            try SyncedFile.rename(unfinished, to: directory)
            return manifest
        } catch {
            try? files.removeItem(atPath: unfinished)
            switch error {
            case is BackupFailure, is StoreOpeningError: throw error
            default: throw BackupFailure.unwritable(directory, error.localizedDescription)
            }
        }
    }

    private static func fill(
        _ directory: String, _ configuration: Configuration, _ passphrase: String?, _ version: String,
        _ progress: Progress
    ) throws -> BackupManifest {
        let copy = directory + "/" + database
        try StoreCopy.make(of: configuration.server.dataDirectory, at: copy) { progress("copying the database", $0) }
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: copy)
        if let passphrase {
            progress("encrypting the key", nil)
            let path = KeyFile.path(configuration)
            guard let key = try? String(contentsOfFile: path, encoding: .utf8) else {
                throw BackupFailure.unusableKey(path)
            }
            try SealedKey(key, passphrase: passphrase).write(to: directory)
        }
        progress("counting", nil)
        let summary = try StoreInspection.summary(of: directory)
        let names = [database] + (passphrase == nil ? [] : [SealedKey.name])
        let manifest = BackupManifest(
            format: BackupManifest.currentFormat, version: version, createdAt: SystemClock().now.rfc3339,
            schema: summary.schema, counts: summary.counts,
            files: try names.map { name in
                try SyncedFile.digest(directory + "/" + name) { progress("making checksums", $0) }
            })
        try manifest.write(to: directory)
        return manifest
    }

    /// Looks for what is wrong with a backup: its files, and the database in it.
    /// - Throws: `BackupFailure` if it is none, or of a newer version.
    package static func verify(_ directory: String, at now: Timestamp, progress: Progress) throws -> StoreReport {
        let manifest: BackupManifest
        do {
            manifest = try BackupManifest.read(from: directory)
        } catch let failure as BackupFailure where failure.code == "backup_damaged" {
            return StoreReport(problems: [.init(code: failure.code, text: failure.description)])
        }
        var problems: [StoreReport.Problem] = []
        for file in manifest.files {
            let path = directory + "/" + file.name
            guard FileManager.default.fileExists(atPath: path) else {
                problems.append(.init(code: "file_missing", text: "The file \(file.name) is missing."))
                continue
            }
            let found = try SyncedFile.digest(path) { progress("checking \(file.name)", $0) }
            if found != file {
                problems.append(
                    .init(code: "file_changed", text: "\(file.name) is not as it was made: \(file.difference(found))."))
            }
        }
        guard FileManager.default.fileExists(atPath: directory + "/" + database) else {
            return StoreReport(problems: problems)
        }
        var report = try StoreInspection.report(on: directory, at: now) { progress("checking \($0)", nil) }
        if let schema = report.schema, schema != manifest.schema {
            problems.append(
                .init(code: "schema", text: "The manifest says \"\(manifest.schema)\", the database is \"\(schema)\"."))
        }
        if let counts = report.counts, counts != manifest.counts {
            problems.append(
                .init(code: "counts", text: "The manifest counts other rows than the database holds."))
        }
        report.problems = problems + report.problems
        return report
    }
}

extension BackupManifest.File {
    /// In what the file that was found is another than this.
    func difference(_ found: Self) -> String {
        found.bytes != bytes ? "it has \(found.bytes) bytes instead of \(bytes)" : "its SHA-256 is \(found.sha256)"
    }
}
