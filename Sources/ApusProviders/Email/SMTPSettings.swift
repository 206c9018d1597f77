package import ApusCore

extension Route {
    package static let smtp = Route(rawValue: "smtp")
}

/// An SMTP credential as it is stored: `host`, `tls` (`starttls`, `implicit`, `opportunistic` or `none`), `port`, `from`
/// and `fromName`, `username` with a secret `password`; `ca`, a PEM file, `helo`, the name by which Apus greets, and
/// `allowsPlainPassword`.
package struct SMTPSettings: Sendable {
    /// How the connection becomes secret.
    package enum Security: String, Sendable, CaseIterable {
        /// By STARTTLS (RFC 3207), or else nothing is sent.
        case startTLS = "starttls"
        /// From the first byte on (RFC 8314 §3.3).
        case implicit
        /// By STARTTLS if the server offers it.
        case opportunistic
        case none

        var port: Int {
            switch self {
            case .startTLS: 587
            case .implicit: 465
            case .opportunistic, .none: 25
            }
        }
    }

    package let host: String
    package let port: Int
    package let security: Security
    /// Whom mails come from.
    package let from: MailAddress
    let login: (username: String, password: String)?
    let caFile: String?
    let helo: String?

    /// - Throws: `ApusError` that says what is wrong with it.
    package init(_ credential: Credential) throws(ApusError) {
        let fields = try CredentialFields(
            credential, of: .smtp,
            settings: [
                "host", "port", "tls", "from", "fromName", "username", "ca", "helo", "allowsPlainPassword",
            ], secrets: ["password"], errorCode: "smtp_credential_invalid")
        host = try fields.required("host", "The name of the mail server")
        guard WebAddress.isHostName(host) || IPAddress(host) != nil else {
            throw fields.error("host", "The host must be a name or an address.")
        }
        guard let security = Security(rawValue: fields["tls"] ?? "starttls") else {
            let known = Security.allCases.map(\.rawValue).joined(separator: ", ")
            throw fields.error("tls", "tls must be one of \(known).")
        }
        self.security = security
        guard let port = fields["port"].map({ Int($0) }) ?? security.port, (1...65_535).contains(port) else {
            throw fields.error("port", "The port must be a number from 1 to 65535.")
        }
        self.port = port
        let sender = try fields.required("from", "The address that mails come from")
        do throws(ApusError) {
            from = try MailAddress(sender, name: fields["fromName"])
        } catch {
            throw fields.error("from", error.message)
        }
        login = try Self.login(fields, security)
        caFile = fields["ca"]
        helo = fields["helo"]
        guard helo.map(WebAddress.isHostName) ?? true else {
            throw fields.error("helo", "helo must be this server's name.")
        }
    }

    private static func login(
        _ fields: CredentialFields, _ security: Security
    ) throws(ApusError) -> (username: String, password: String)? {
        switch (fields["username"], fields["password"]) {
        case (nil, nil):
            return nil
        case (let username?, let password?):
            guard (username + password).utf8.allSatisfy({ $0 != 0 }) else {
                throw fields.error("password", "The user name and the password must not have NUL characters.")
            }
            guard security == .startTLS || security == .implicit || fields["allowsPlainPassword"] == "true" else {
                throw fields.error(
                    "tls",
                    "With tls \(security.rawValue) anybody on the way could read the password: set starttls or "
                        + "implicit, or allowsPlainPassword to true.")
            }
            return (username, password)
        case (let username, _):
            let missing = username == nil ? "username" : "password"
            throw fields.error(missing, "A user name and a password belong together: \(missing) is missing.")
        }
    }

    var url: String {
        let host = IPAddress(host)?.isVersion6 == true ? "[\(host)]" : host
        return "\(security == .implicit ? "smtps" : "smtp")://\(host):\(port)/\(helo ?? "")"
    }
}
