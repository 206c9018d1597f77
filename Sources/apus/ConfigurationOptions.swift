import ApusServer
import ArgumentParser

/// Where `serve` and `config` take the configuration from.
struct ConfigurationOptions: ParsableArguments {
    @Option(help: "The configuration file. (default: APUS_CONFIG, else apus.yaml if there is one)")
    var config: String?

    @Option(help: "The address to listen on. (server.host)")
    var host: String?

    @Option(help: "The port to listen on, 0 is any free one. (server.port)")
    var port: String?

    @Option(help: "The directory of the database. (server.data_dir)")
    var dataDir: String?

    @Flag(help: "Let anyone make apps without a token; only on a loopback address. (server.demo)")
    var demo = false

    @Option(help: "trace, debug, info, notice, warning, error or critical. (log.level)")
    var logLevel: String?

    @Option(help: "The port for XMPP clients, 0 is any free one. (xmpp.port)")
    var xmppPort: String?

    @Option(help: "The server's name in XMPP. (xmpp.domain)")
    var xmppDomain: String?

    @Option(help: "The id of the app that XMPP devices register into. (xmpp.register_app)")
    var xmppRegisterApp: String?

    @Option(
        name: .customLong("legacy-apns-port"),
        help: "The port for programs of Apple's old binary protocol, once 2195. (legacy_apns.port)")
    var legacyAPNsPort: String?

    @Option(help: "The port where they ask for dead tokens, once 2196. (legacy_apns.feedback_port)")
    var legacyFeedbackPort: String?

    @Option(help: ArgumentHelp("Any key; `apus config show` lists them. May be repeated.", valueName: "key=value"))
    var set: [String] = []

    func validate() throws {
        for text in set where !text.contains("=") {
            throw ValidationError("--set \(text) must be like --set server.port=8080.")
        }
    }

    /// - Throws: `ConfigurationError`.
    func load() throws -> Configuration {
        try Configuration.load(file: config, flags: flags)
    }

    private var flags: [ConfigurationFlag] {
        let named = [
            ("--host", "server.host", host), ("--port", "server.port", port),
            ("--data-dir", "server.data_dir", dataDir),
            ("--demo", "server.demo", demo ? "true" : nil), ("--log-level", "log.level", logLevel),
            ("--xmpp-port", "xmpp.port", xmppPort), ("--xmpp-domain", "xmpp.domain", xmppDomain),
            ("--xmpp-register-app", "xmpp.register_app", xmppRegisterApp),
            ("--legacy-apns-port", "legacy_apns.port", legacyAPNsPort),
            ("--legacy-feedback-port", "legacy_apns.feedback_port", legacyFeedbackPort),
        ].compactMap { flag, key, value in value.map { ConfigurationFlag(key: key, value: $0, flag: flag) } }
        let others = set.map { text in
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            return ConfigurationFlag(key: parts[0], value: parts[1], flag: "--set")
        }
        return named + others
    }
}
