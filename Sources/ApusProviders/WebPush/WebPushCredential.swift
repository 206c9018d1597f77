import ApusCore
import NIOCore

/// A Web Push credential as it is stored: `subject` and `publicKey`, with a secret `privateKey`. An app has one, as its
/// devices subscribed with its key.
struct WebPushCredential {
    static let name = "vapid"

    let keys: VAPIDKeys
    /// Where push services find who is responsible (RFC 8292 §2.1).
    let subject: String

    init(_ credential: Credential) throws(ApusError) {
        let settings = try Self.members(ByteBuffer(string: credential.settings))
        let secret = try Self.members(ByteBuffer(bytes: credential.secret))
        guard let subject = settings["subject"], Self.isContact(subject) else {
            throw Self.error(
                "subject", "The subject must tell push services whom to ask: mailto:you@example.org or an https URL.")
        }
        self.subject = subject
        guard let privateKey = secret["privateKey"] else {
            throw Self.error("privateKey", "The private key is missing.")
        }
        do throws(ApusError) {
            keys = try VAPIDKeys(privateKey: privateKey)
        } catch {
            throw Self.error("privateKey", error.message)
        }
        guard settings["publicKey"] == nil || settings["publicKey"] == keys.publicKey else {
            throw Self.error("publicKey", "The public key is not that of the private key, which is \(keys.publicKey).")
        }
    }

    /// What anybody may see.
    var publicSettings: JSONMembers {
        var settings = JSONMembers()
        settings["subject"] = subject
        settings["publicKey"] = keys.publicKey
        return settings
    }

    private static func isContact(_ subject: String) -> Bool {
        if subject.hasPrefix("mailto:") { return subject.contains("@") }
        return subject.hasPrefix("https://") && (try? WebAddress(subject)) != nil
    }

    private static func members(_ text: ByteBuffer) throws(ApusError) -> JSONMembers {
        do {
            return try JSONMembers(text)
        } catch {
            throw Self.error("settings", "Settings and secrets must be JSON objects of texts: \(error).")
        }
    }

    private static func error(_ field: String, _ message: String) -> ApusError {
        ApusError(
            .invalid, code: "webpush_credential_invalid", message,
            fields: [ApusError.Field(field, code: "invalid", message)])
    }
}
