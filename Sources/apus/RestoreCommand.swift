import ApusServer
import ArgumentParser

struct RestoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Put a backup into an empty data directory.",
        discussion: """
            The backup is checked by its manifest while it is copied; what is damaged is not restored. A data directory \
            that is not empty, or that a server uses, is left alone.
            """)

    @Argument(help: "The directory that `apus backup` made.")
    var backup: String

    @OptionGroup var passphrase: PassphraseOptions

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var options: ConfigurationOptions

    private struct Answer: Encodable {
        let dataDirectory: String
        let keyFile: String
        let hasKey: Bool
        let manifest: BackupManifest
    }

    func run() throws {
        let configuration = try options.load()
        let progress = ProgressLine()
        let restored = try Backup.restore(
            backup, to: configuration, passphrase: passphrase.read(), progress: progress.show)
        progress.clear()
        let directory = configuration.server.dataDirectory
        if json {
            return print(
                try JSONText.of(
                    Answer(
                        dataDirectory: directory, keyFile: restored.keyFile, hasKey: restored.hasKey,
                        manifest: restored.manifest)))
        }
        print(
            "Restored the backup of \(restored.manifest.createdAt) to \(directory): \(restored.manifest.counts.text).")
        guard !restored.hasKey else { return }
        let isInBackup = restored.manifest.hasKey
        print(
            "There is no key file at \(restored.keyFile). "
                + (isInBackup
                    ? "The backup has it: empty the directory and restore again with the passphrase."
                    : "Put the one that belongs to the backup there before the server starts."))
    }
}
