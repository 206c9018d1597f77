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

            Exit codes: \(CommandExit.summary).
            """,
        version: version,
        subcommands: [
            ServeCommand.self, DemoCommand.self, ListenCommand.self, SendCommand.self, AppCommand.self,
            DeviceCommand.self, MessageCommand.self, EventsCommand.self, WebhookCommand.self, XMPPCommand.self,
            CredentialCommand.self, ProviderCommand.self, VAPIDCommand.self, TokenCommand.self, AuditCommand.self,
            LegacyAPNsCommand.self, UserCommand.self,
            ScheduleCommand.self, DeadLetterCommand.self, ImportCommand.self, UmengCommand.self, HealthCommand.self,
            DoctorCommand.self, BackupCommand.self, RestoreCommand.self, VerifyCommand.self, SimulateCommand.self,
            ConfigCommand.self, CompletionCommand.self, VersionCommand.self,
        ])
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        print(json ? try JSONText.of(["version": ApusCommand.version]) : ApusCommand.version)
    }
}
