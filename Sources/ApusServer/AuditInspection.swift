package import ApusCore
import ApusStore

/// Verifies the audit of a data directory, whether a server uses it or not.
package enum AuditInspection {
    private static let page = 1000

    /// - Parameters:
    ///   - keyFile: nil for the one in the directory.
    ///   - expected: an entry that somebody kept the seal of.
    /// - Returns: which entries hold.
    /// - Throws: `AuditVerifier.Fault` for the first entry that is not as it was written.
    package static func verify(
        _ directory: String, keyFile: String?, expecting expected: AuditPosition?
    ) throws -> AuditVerifier {
        try StoreFile.read(directory) { snapshot in
            let seals = AuditSeals(try KeyFile.openExisting(keyFile ?? KeyFile.path(in: directory)))
            var verifier = AuditVerifier(seals, expecting: expected)
            while true {
                let entries = try snapshot.auditEntries(after: verifier.last.sequence, limit: page)
                for entry in entries { try verifier.take(entry) }
                if entries.count < page { break }
            }
            try verifier.finish(try snapshot.auditHead())
            return verifier
        }
    }
}
