import NIOCore

/// Something that was done with the server, as the audit keeps it: who did what to what.
package struct AuditAct: Sendable, Equatable {
    /// Such as `token:ci`, `app:4c1f…`; what `Origin.actor` describes.
    package let actor: String
    /// Where it was done from; empty if that is not known.
    package let address: String
    /// A stable name such as `app.create`.
    package let name: String
    /// What it was done to, such as an app's id.
    package let object: String
    /// A JSON object. No secrets, and nothing of what messages say.
    package let details: String

    /// The name of the act that another key file took the place of the one that seals were made with.
    static let keyReplacement = "key.replace"

    package init(actor: String, address: String, name: String, object: String, details: String) {
        self.actor = actor
        self.address = address
        self.name = name
        self.object = object
        self.details = details
    }

    package init(
        _ name: String, _ object: String, by origin: Origin, details: (inout JSONObjectWriter) -> Void = { _ in }
    ) {
        var text = ByteBuffer()
        text.writeJSONObject(details)
        self.init(
            actor: origin.actor.description, address: origin.address?.description ?? "", name: name, object: object,
            details: String(buffer: text))
    }
}

// What the server says of itself when it finds its configuration changed.
extension AuditAct {
    /// Whether sends are counted from here on.
    static func counting(_ isOn: Bool) -> AuditAct {
        AuditAct("audit.sends", "", by: Origin(.server)) { $0.member("counted", bool: isOn) }
    }

    /// Which token the configuration has from here on; nil for none.
    static func configuring(_ fingerprint: String?) -> AuditAct {
        AuditAct("token.configure", TokenBook.configuredName, by: Origin(.server)) {
            $0.member("fingerprint", string: fingerprint)
        }
    }

    /// The last act of this name; nil if there was none.
    func last(in snapshot: any StoreSnapshot) throws -> AuditAct? {
        try snapshot.auditEntries(AuditFilter(act: name), before: nil, limit: 1).first?.act
    }
}

extension Caller {
    /// What the caller does.
    package func act(
        _ name: String, _ object: String, details: (inout JSONObjectWriter) -> Void = { _ in }
    ) -> AuditAct {
        AuditAct(name, object, by: origin, details: details)
    }
}
