import ApusServer
import ArgumentParser

struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copy the data directory, also while the server runs.",
        discussion: """
            Run it on the server's machine, as the server's user. It makes a directory with the database as it is when \
            the copying begins, and a manifest by which `apus verify` and `apus restore` check it.

            What is encrypted in the database (vendors' credentials, passwords for digests, the URLs of endpoints) \
            cannot be read without the key file. --with-key puts it into the backup, encrypted with a passphrase; \
            otherwise keep a copy of it in another place. The configuration and the files that it names are not part of \
            a backup.
            """)

    @Argument(help: "The directory to make, as in /backup/apus-2026-11-21.")
    var directory: String

    @Flag(help: "Put the key file into the backup, encrypted with a passphrase.")
    var withKey = false

    @OptionGroup var passphrase: PassphraseOptions

    @Flag(help: "Print the manifest as JSON.")
    var json = false

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        let configuration = try options.load()
        let passphrase = try passphrase.read()
        if withKey, passphrase == nil {
            throw CommandFailure(
                .wrongUsage, "--with-key needs a passphrase: --passphrase-file, or APUS_BACKUP_PASSPHRASE.")
        }
        ProcessLimits.letOthersFirst()
        let progress = ProgressLine()
        let manifest = try Backup.make(
            of: configuration, at: directory, passphrase: withKey ? passphrase : nil, version: ApusCommand.version,
            progress: progress.show)
        progress.clear()
        if json { return print(try JSONText.of(manifest)) }
        let bytes = manifest.files.reduce(0) { $0 + $1.bytes }
        print(
            "Backed up \(configuration.server.dataDirectory) to \(directory): \(bytes) bytes with \(manifest.counts.text)."
        )
        if !withKey {
            print(
                "The key file is not in it. Without \(KeyFile.path(configuration)) nobody can read what is encrypted, "
                    + "so keep a copy of it in another place.")
        }
    }
}

/// The passphrase that a backup's key file is encrypted with.
struct PassphraseOptions: ParsableArguments {
    @Option(help: "A file whose first line is the passphrase. (default: APUS_BACKUP_PASSPHRASE)")
    var passphraseFile: String?

    /// - Returns: nil if there is none.
    func read() throws -> String? {
        guard let passphraseFile else { return Environment["APUS_BACKUP_PASSPHRASE"] }
        let text = String(decoding: try InputFile.read(passphraseFile), as: UTF8.self)
        guard let line = text.split(separator: "\n", omittingEmptySubsequences: false).first, !line.isEmpty else {
            throw CommandFailure(
                .wrongUsage, "The first line of \(passphraseFile) is empty. It must be the passphrase.")
        }
        return String(line)
    }
}
