/// Picks the settings out of a process's environment: `APUS_SERVER_PORT` sets `server.port`.
enum ConfigurationEnvironment {
    /// The entries, and one sentence for each `APUS_…` variable that means nothing. An empty variable is as good as
    /// none.
    static func entries(_ environment: [String: String]) -> (entries: [ConfigurationEntry], problems: [String]) {
        var keys: [String: String] = [:]
        for key in ConfigurationKey.all { keys[key.environmentName] = key.name }
        keys["APUS_ADMIN_TOKEN"] = "server.admin_token"

        var entries: [ConfigurationEntry] = []
        var problems: [String] = []
        for (variable, value) in environment.sorted(by: { $0.key < $1.key }) {
            guard variable.hasPrefix("APUS_"), !value.isEmpty, !isForOthers(variable),
                !isServiceLink(variable, value)
            else { continue }
            let origin = ConfigurationOrigin.environment(variable)
            if let name = keys[variable] {
                entries.append(ConfigurationEntry(name: name, text: value, origin: origin))
            } else {
                problems.append(ConfigurationError.unknown(variable, origin, candidates: keys.keys.sorted()))
            }
        }
        return (entries, problems)
    }

    /// The variables that commands and scripts around the server read.
    private static func isForOthers(_ variable: String) -> Bool {
        [
            "APUS_CONFIG", "APUS_SERVER", "APUS_CA", "APUS_APP_KEY", "APUS_DATA", "APUS_TOKEN", "APUS_RESET",
            "APUS_BACKUP_PASSPHRASE",
        ].contains(variable) || variable.hasPrefix("APUS_BENCH")
    }

    /// Kubernetes and Docker describe a service named `apus` by variables such as `APUS_PORT=tcp://10.0.0.7:8080`,
    /// `APUS_SERVICE_HOST` and `APUS_PORT_8080_TCP_ADDR`. They are no settings.
    private static func isServiceLink(_ variable: String, _ value: String) -> Bool {
        variable.contains("_SERVICE_HOST") || variable.contains("_SERVICE_PORT")
            || variable.hasSuffix("_PORT") && (value.hasPrefix("tcp://") || value.hasPrefix("udp://"))
            || variable.contains(/_PORT_[0-9]/)
    }
}
