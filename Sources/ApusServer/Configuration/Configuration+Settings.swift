/// One key as `apus config show` shows it.
package struct ConfigurationSetting: Sendable, Equatable {
    package let name: String
    /// As it would be written in the file; `********` for a secret, empty if there is no value.
    package let value: String
    package let origin: ConfigurationOrigin
}

extension Configuration {
    /// Every key with its value and where that comes from. Secrets are hidden.
    package var settings: [ConfigurationSetting] {
        ConfigurationKey.all.map { key in
            let value = key.text(self).map { key.isSecret ? "********" : $0 }
            return ConfigurationSetting(
                name: key.name, value: value ?? "", origin: origins[key.name] ?? .default)
        }
    }

    /// A file with every key, its default and what it means: the text of `apus.example.yaml`.
    package static var exampleFile: String {
        var text = """
            # Every key of Apus with its default. Leave out what you do not change.
            # Environment variables (APUS_SERVER_PORT for server.port) are stronger than this file, flags than those.
            # What is reloadable is read again on SIGHUP; the rest needs a restart.
            # Times are 250ms, 10s, 5m, 2h or 3d. Sizes are 512B, 4KB, 1MB or 1GB; 1KB is 1,024 bytes.

            """
        var section = ""
        for key in ConfigurationKey.all {
            if key.section != section {
                section = key.section
                text += "\n\(section):\n"
            }
            text += "  # \(key.summary) (\(key.expected)\(key.isReloadable ? "; reloadable" : "")).\n"
            text += "  \(key.nameInSection):\(key.defaultText.map { " " + $0 } ?? "")\n"
        }
        return text
    }
}
