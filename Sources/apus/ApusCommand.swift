import ArgumentParser

struct ApusCommand: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "apus",
        abstract: "A push server of your own, and its tools.",
        discussion: """
            `apus serve` needs no configuration. `apus demo` shows in a second what it does.

            Commands that talk to a server find it by --server or APUS_SERVER, and prove who they are by --token or \
            APUS_ADMIN_TOKEN.

            Exit codes: 0 done; 1 refused or failed; 2 wrong usage or configuration; 3 the server cannot be reached; \
            4 what was checked is not as it should be.
            """,
        version: version,
        subcommands: [
            ServeCommand.self, DemoCommand.self, ListenCommand.self, SendCommand.self, AppCommand.self,
            DeviceCommand.self, MessageCommand.self, XMPPCommand.self, CredentialCommand.self,
            ProviderCommand.self, VAPIDCommand.self, TokenCommand.self, LegacyAPNsCommand.self, UserCommand.self,
            ScheduleCommand.self, DeadLetterCommand.self, ImportCommand.self, UmengCommand.self, BackupCommand.self,
            RestoreCommand.self, VerifyCommand.self, SimulateCommand.self, ConfigCommand.self, VersionCommand.self,
        ])
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

    func run() {
        print(ApusCommand.version)
    }
}
