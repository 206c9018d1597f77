package import ApusStore
import Foundation

/// What a backup holds: `manifest.json` in its directory.
package struct BackupManifest: Codable, Sendable, Equatable {
    static let name = "manifest.json"
    static let currentFormat = 1

    package struct File: Codable, Sendable, Equatable {
        package let name: String
        package let bytes: Int64
        /// Lower-case hex.
        package let sha256: String
    }

    package let format: Int
    /// The version of Apus that made it.
    package let version: String
    /// RFC 3339.
    package let createdAt: String
    /// The last migration of the database.
    package let schema: String
    package let counts: StoreCounts
    package let files: [File]

    /// Whether the key file is part of the backup.
    package var hasKey: Bool { file(SealedKey.name) != nil }

    func file(_ name: String) -> File? { files.first { $0.name == name } }

    /// - Throws: `BackupFailure` if there is none, or none that this version knows.
    static func read(from directory: String) throws -> BackupManifest {
        let path = directory + "/" + name
        guard let data = FileManager.default.contents(atPath: path) else { throw BackupFailure.noBackup(directory) }
        do {
            let manifest = try JSONDecoder().decode(BackupManifest.self, from: data)
            guard manifest.format == currentFormat else { throw BackupFailure.newerFormat(directory, manifest.version) }
            return manifest
        } catch is DecodingError {
            throw BackupFailure.damaged(directory, "\(name) cannot be read")
        }
    }

    func write(to directory: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
        try PrivateFile.write(text, to: directory + "/" + Self.name)
    }
}
