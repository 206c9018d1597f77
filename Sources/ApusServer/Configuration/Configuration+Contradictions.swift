import ApusCore
import ApusXMPP

extension Configuration {
    /// One sentence for each pair of values that are right alone and wrong together.
    var contradictions: [String] {
        var problems: [String] = []
        if server.isDemo, !server.isLoopback {
            problems.append(
                "\(origin("server.demo")): server.demo lets anyone make apps, so server.host must be a loopback "
                    + "address such as 127.0.0.1, not \"\(server.host)\" (\(origin("server.host"))).")
        }
        if (tls.certificate == nil) != (tls.privateKey == nil) {
            problems.append(
                "tls.certificate (\(described("tls.certificate"))) and tls.private_key "
                    + "(\(described("tls.private_key"))) must be set together.")
        }
        for entry in http.trustedProxies where AddressRange(entry) == nil {
            problems.append(
                "\(origin("http.trusted_proxies")): http.trusted_proxies needs addresses or networks such as "
                    + "10.0.0.0/8, not \"\(entry)\".")
        }
        for entry in legacyAPNs.allow where entry.split(separator: "=").count != 2 {
            problems.append(
                "\(origin("legacy_apns.allow")): legacy_apns.allow needs an address and an app's id, such as "
                    + "10.0.0.7=APPID, not \"\(entry)\".")
        }
        if xmpp.componentPort != nil, xmpp.componentSecret == nil {
            problems.append("\(origin("xmpp.component_port")): xmpp.component_port needs xmpp.component_secret.")
        }
        if (try? JID(xmpp.domain)).map({ $0.node != nil || $0.resource != nil || $0.domain != xmpp.domain }) ?? true {
            problems.append(
                "\(origin("xmpp.domain")): xmpp.domain must be a name in lower case such as push.example.org, not "
                    + "\"\(xmpp.domain)\".")
        }
        if let url = unifiedPush.url, !url.hasPrefix("http://"), !url.hasPrefix("https://") {
            problems.append(
                "\(origin("unifiedpush.url")): unifiedpush.url must begin with https:// or http://, not \"\(url)\".")
        }
        if unifiedPush.componentHost != nil {
            for (key, value) in [
                ("component_domain", unifiedPush.componentDomain), ("component_secret", unifiedPush.componentSecret),
            ] where value == nil {
                problems.append(
                    "\(origin("unifiedpush.component_host")): unifiedpush.component_host needs unifiedpush.\(key).")
            }
        }
        let pairs: [(smaller: String, larger: String, isRight: Bool)] = [
            (
                "messages.default_time_to_live", "messages.longest_time_to_live",
                messages.defaultTimeToLive <= messages.longestTimeToLive
            ),
            (
                "unifiedpush.default_time_to_live", "unifiedpush.longest_time_to_live",
                unifiedPush.defaultTimeToLive <= unifiedPush.longestTimeToLive
            ),
            ("sessions.resend_after", "sessions.longest_resend", sessions.resendAfter <= sessions.longestResend),
            ("limits.payload", "limits.body", limits.payload <= limits.body),
            ("limits.body", "limits.batch_body", limits.body <= limits.batchBody),
        ]
        for pair in pairs where !pair.isRight {
            problems.append(
                "\(pair.smaller) (\(described(pair.smaller))) must not be more than "
                    + "\(pair.larger) (\(described(pair.larger))).")
        }
        return problems
    }

    private func origin(_ name: String) -> ConfigurationOrigin { origins[name] ?? .default }

    private func described(_ name: String) -> String {
        let value = ConfigurationKey.all.first { $0.name == name }?.text(self) ?? ""
        return "\(value), \(origin(name))"
    }
}

extension Configuration.Server {
    /// Whether only programs on this machine can connect.
    package var isLoopback: Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil } && parts[0] == "127"
    }
}
