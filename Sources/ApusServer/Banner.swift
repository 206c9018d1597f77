import ApusXMPP

/// What a new operator sees once the server listens: where, and lines to paste.
enum Banner {
    static func text(_ server: ApusServer) -> String {
        let configuration = server.configuration
        let url = Self.url(configuration, port: server.port)
        // A certificate that nobody knows has to be named.
        let isOwn = configuration.server.isEncrypted && configuration.tls.certificate == nil
        let certificate = configuration.certificateFiles.certificate
        let curl = "curl -s" + (isOwn ? " --cacert \(certificate)" : "")
        let listen = "apus listen DEVICE_ID --server \(url)" + (isOwn ? " --ca \(certificate)" : "")
        let token = server.newAdminToken ?? "$APUS_ADMIN_TOKEN"
        var lines = ["", "Apus listens on \(url), its data is in \(configuration.server.dataDirectory).", ""]
        if let token = server.newAdminToken {
            lines += ["Your admin token, shown only now:", "", "    export APUS_ADMIN_TOKEN=\(token)", ""]
        }
        if let port = server.legacyAPNs.gatewayPort {
            lines += ["Programs of Apple's old binary protocol connect to port \(port)."]
        }
        if let port = server.legacyAPNs.feedbackPort { lines += ["They ask for dead tokens at port \(port).", ""] }
        lines += server.xmppPorts.map { xmpp($0, configuration.xmpp) } ?? []
        lines += [
            "Next, in another terminal:", "",
            "    # an app: the answer has its id and its key",
            "    \(curl) \(url)/apps/ -H \"Authorization: Bearer \(token)\" -d 'my app'", "",
            "    # a device of the app: the answer has its id",
            "    \(curl) \(url)/msgpush/register -H 'Content-Type: application/json' \\",
            "      -d '{\"appId\":\"APP_ID\",\"alias\":\"ann\",\"platform\":\"WEB\",\"nativeToken\":\"browser-1\"}'",
            "",
            "    # be that device, and in a third terminal send to it",
            "    \(listen)",
            "    \(curl) \(url)/msgpush/send -H 'Content-Type: application/json' \\",
            "      -d '{\"appId\":\"APP_ID\",\"appKey\":\"APP_KEY\",\"platform\":\"ALL\",\"audienceType\":\"ALIAS\","
                + "\"audiences\":[\"ann\"],\"alert\":\"hello\",\"needConfirm\":true}'", "",
            "Or see all of it at once:  apus demo", "",
        ]
        return lines.joined(separator: "\n")
    }

    /// Where the server is for programs on this machine.
    static func url(_ configuration: Configuration, port: Int) -> String {
        "\(configuration.server.isEncrypted ? "https" : "http")://\(address(configuration.server.host)):\(port)"
    }

    /// How a program on this machine reaches the address.
    static func address(_ host: String) -> String {
        host.contains(":") ? "[\(host)]" : host == "0.0.0.0" ? "127.0.0.1" : host
    }

    private static func xmpp(_ ports: XMPPService.Ports, _ configuration: Configuration.XMPP) -> [String] {
        let users =
            configuration.registerApp.map { "devices register into app \($0)" } ?? "make users with apus xmpp user add"
        let lines = [
            ports.client.map { "XMPP clients of \(configuration.domain) connect to port \($0); \(users)." },
            ports.directTLS.map { "XMPP clients that encrypt from the start connect to port \($0)." },
            ports.component.map { "XMPP components attach to port \($0)." },
        ]
        return lines.compactMap { $0 } + [""]
    }
}
