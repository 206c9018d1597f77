import ApusCore
import Foundation

/// The key that secrets are encrypted with at rest. Without it they cannot be read, so it belongs in every backup, and
/// into another place than the database.
package enum KeyFile {
    package static func path(_ configuration: Configuration) -> String {
        configuration.server.keyFile ?? path(in: configuration.server.dataDirectory)
    }

    /// Where it is unless somebody chose another place.
    static func path(in directory: String) -> String { directory + "/secret.key" }

    /// Reads the key, or makes one at the first start.
    /// - Parameters:
    ///   - check: what the database knows its key by; nil if it was never written with one.
    ///   - mayReplace: whether another key will do, as the one that the database was written with is lost.
    /// - Throws: `StartingError` with what to do.
    static func open(_ path: String, check: [UInt8]?, mayReplace: Bool) throws -> SecretBox {
        if !FileManager.default.fileExists(atPath: path) {
            // A new key in the place of one that is lost would go unnoticed until something cannot be read.
            guard check == nil || mayReplace else { throw lost(path, "is missing") }
            try make(path)
        }
        let box = try openExisting(path)
        guard check == nil || check == box.check || mayReplace else {
            throw lost(path, "is not the one that the database was written with")
        }
        return box
    }

    /// Reads the key.
    /// - Throws: `StartingError` with what to do.
    static func openExisting(_ path: String) throws -> SecretBox {
        if let permissions = PrivateFile.permissions(of: path), permissions & 0o077 != 0 {
            throw unusable("The key file \(path) can be read by others than its owner. Run: chmod 600 \(path)")
        }
        guard let box = read(path) else {
            throw unusable(
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

    private static func make(_ path: String) throws {
        let text = Data(SecretBox.randomKey()).base64EncodedString() + "\n"
        do {
            try PrivateFile.write(text, to: path)
        } catch {
            throw unusable("The key file \(path) cannot be written: \(error).")
        }
    }

    private static func unusable(_ sentence: String) -> StartingError {
        StartingError(code: "unusable_key_file", description: sentence)
    }

    private static func lost(_ path: String, _ what: String) -> StartingError {
        StartingError(
            code: "lost_key_file",
            description:
                "The key file \(path) \(what). Restore it from a backup. If it is lost for good, start once with "
                + "--set server.replace_key=true: vendors' credentials must then be entered anew, endpoints registered "
                + "anew and passwords of XMPP users set anew, and the audit can be verified only from there on.")
    }
}

extension SecretBox {
    /// What this key is known by, which does not tell it.
    var check: [UInt8] { derivedKey(for: "key check") }
}

/// A file that only its owner reads.
enum PrivateFile {
    /// Who may do what with a file, or what a link leads to, as others give certificates and secrets away.
    /// - Returns: nil if there is none.
    static func permissions(of path: String) -> Int? {
        let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        let attributes = try? FileManager.default.attributesOfItem(atPath: target)
        return (attributes?[.posixPermissions] as? NSNumber)?.intValue
    }

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
