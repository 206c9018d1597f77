import Foundation

extension Doctor {
    static func settings(_ configuration: Configuration) -> [Diagnosis] {
        let secrets = [
            ("server.admin_token", configuration.server.adminToken),
            ("xmpp.component_secret", configuration.xmpp.componentSecret),
            ("unifiedpush.component_secret", configuration.unifiedPush.componentSecret),
        ]
        var found = secrets.compactMap { key, value in value.map { secret(key, $0) } }
        found.append(exposure(configuration))
        if configuration.xmpp.isOn, configuration.xmpp.allowsPlainPasswords, !configuration.xmpp.requiresTLS {
            found.append(
                .warning(
                    "settings.xmpp.plain_passwords",
                    "Clients may send passwords over connections that are not encrypted.",
                    "Switch xmpp.plain_passwords off, or xmpp.require_tls on."))
        }
        return found
    }

    /// Bits that are the least for a secret that can be tried over a network.
    private static let fewestBits = 64.0

    static func secret(_ key: String, _ value: String) -> Diagnosis {
        // An upper bound: as if each letter were chosen at random from those that occur.
        let bits = Double(value.count) * log2(Double(max(Set(value).count, 1)))
        guard bits < fewestBits else { return .ok("settings.\(key)", "It is long enough.") }
        return .warning(
            "settings.\(key)", "It can be guessed: it has \(Int(bits)) bits of chance at most.",
            "Use a random one: head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \\n'")
    }

    static func exposure(_ configuration: Configuration) -> Diagnosis {
        let host = configuration.server.host
        if ["127.0.0.1", "::1", "localhost"].contains(host) {
            return .ok("settings.server.host", "Only programs on this machine reach \(host).")
        }
        guard !configuration.server.isEncrypted else {
            return .ok("settings.server.host", "Others on the network reach \(host), by TLS only.")
        }
        return .warning(
            "settings.server.host", "Others on the network reach \(host), and HTTP is not encrypted.",
            "Switch server.tls on, or listen on 127.0.0.1 behind a proxy that ends TLS.")
    }
}
