import ApusCore
import Foundation

/// The key that secrets are encrypted with at rest. Without it they cannot be read, so it belongs in every backup, and
/// into another place than the database.
package enum KeyFile {
    package static func path(_ configuration: Configuration) -> String {
        configuration.server.keyFile ?? configuration.server.dataDirectory + "/secret.key"
    }

    /// Reads the key, or makes one at the first start.
    /// - Throws: `StartingError` with what to do.
    static func open(_ path: String, isFirstStart: Bool) throws -> SecretBox {
        if !FileManager.default.fileExists(atPath: path) {
            guard isFirstStart else { throw missing(path) }
            try make(path)
        }
        guard let box = read(path) else {
            throw StartingError(
                code: "unusable_key_file",
                description:
                    "The key file \(path) cannot be read, or does not hold a key of \(SecretBox.keyLength) bytes in "
                    + "base 64. Restore it from a backup: what was encrypted with it cannot be read without it.")
        }
        return box
    }

    /// - Returns: nil if the file cannot be read, or holds no key.
    static func read(_ path: String) -> SecretBox? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8),
            let key = Data(base64Encoded: text.trimmingCharacters(in: .whitespacesAndNewlines))
        else { return nil }
        return SecretBox(key: Array(key))
    }

    /// A new key in the place of one that is lost would go unnoticed until something cannot be read.
    private static func missing(_ path: String) -> StartingError {
        StartingError(
            code: "missing_key_file",
            description:
                "The key file \(path) is missing, but the database is in use already. Restore the key file from a backup. "
                + "If it is lost for good, make a new one with `head -c 32 /dev/urandom | base64 > \(path)`: vendors' "
                + "credentials must then be entered anew, endpoints registered anew, and passwords of XMPP users set anew."
        )
    }

    private static func make(_ path: String) throws {
        let text = Data(SecretBox.randomKey()).base64EncodedString() + "\n"
        do {
            try PrivateFile.write(text, to: path)
        } catch {
            throw StartingError(
                code: "unusable_key_file", description: "The key file \(path) cannot be written: \(error).")
        }
    }
}

/// A file that only its owner reads.
enum PrivateFile {
    /// Makes the file. It is there in full or not at all.
    static func write(_ text: String, to path: String) throws {
        let temporary = path + ".new"
        try? FileManager.default.removeItem(atPath: temporary)
        guard
            FileManager.default.createFile(
                atPath: temporary, contents: nil, attributes: [.posixPermissions: 0o600])
        else { throw CocoaError(.fileWriteUnknown) }
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: temporary))
        try handle.write(contentsOf: Data(text.utf8))
        try handle.synchronize()
        try handle.close()
        try SyncedFile.rename(temporary, to: path)
    }
}
