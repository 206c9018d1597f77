import ApusCore
import ApusStore
import Foundation

extension Doctor {
    static func files(_ configuration: Configuration) -> [Diagnosis] {
        let directory = configuration.server.dataDirectory
        // What a link leads to counts, and not the link.
        let target = URL(fileURLWithPath: directory).resolvingSymlinksInPath().path
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: target) else {
            return [.ok("files.data_dir", "There is no \(directory) yet; the server makes it.")]
        }
        var found = [
            dataDirectory(
                directory, permissions: permissions(attributes), owner: owner(attributes), user: Int(geteuid()))
        ]
        let hasDatabase = FileManager.default.fileExists(atPath: directory + "/" + Backup.database)
        let path = KeyFile.path(configuration)
        found.append(
            keyFile(
                path, permissions: PrivateFile.permissions(of: path), isUsable: KeyFile.read(path) != nil,
                hasDatabase: hasDatabase))
        if hasDatabase { found.append(database(directory)) }
        return found
    }

    private static func permissions(_ attributes: [FileAttributeKey: Any]) -> Int {
        (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0
    }

    static func owner(_ attributes: [FileAttributeKey: Any]) -> Int {
        (attributes[.ownerAccountID] as? NSNumber)?.intValue ?? 0
    }

    static func dataDirectory(_ path: String, permissions: Int, owner: Int, user: Int) -> Diagnosis {
        if permissions & 0o077 != 0 {
            return .warning(
                "files.data_dir", "Others on this machine can look into \(path), which holds all messages.",
                "chmod 700 \(path)")
        }
        if owner != user, user != 0 {
            return .problem(
                "files.data_dir", "\(path) belongs to another user (id \(owner)) than this one (id \(user)).",
                "Run the server as that user, or chown -R the directory.")
        }
        return .ok("files.data_dir", "\(path) is for its owner only.")
    }

    /// - Parameter permissions: nil if there is no key file.
    static func keyFile(_ path: String, permissions: Int?, isUsable: Bool, hasDatabase: Bool) -> Diagnosis {
        guard let permissions else {
            return hasDatabase
                ? .problem(
                    "files.key", "The key file \(path) is missing.",
                    "Restore it from a backup: what is encrypted cannot be read without it, and the server does not start."
                )
                : .ok("files.key", "There is no key file yet; the server makes it at its first start.")
        }
        guard isUsable else {
            return .problem(
                "files.key", "The key file \(path) cannot be read, or holds no key.", "Restore it from a backup.")
        }
        guard permissions & 0o077 == 0 else {
            return .problem(
                "files.key", "Others on this machine can read the key file \(path).", "chmod 600 \(path)")
        }
        return .ok("files.key", "The key file is for its owner only. Keep a copy of it away from the database's.")
    }

    private static func database(_ directory: String) -> Diagnosis {
        do {
            let schema = try StoreInspection.summary(of: directory).schema
            return .ok("files.database", "The database can be read (\(schema)). `apus verify` looks at all of it.")
        } catch {
            return .problem("files.database", "\(error)", "`apus verify` says more.")
        }
    }
}
