import ApusCore
import ApusXMPP

/// A push as it comes in, in the form of either dialect.
struct GatewayPush: Equatable, Sendable {
    /// Bytes (UnifiedPush specification; RFC 8030 §7.2).
    static let longestPayload = 4096

    enum Target: Equatable, Sendable {
        case instance(String, application: String)
        case publicToken(String)
    }

    let target: Target
    /// nil if it is not what the dialect wants, or too long.
    let payload: [UInt8]?
    let stanza: XMLElement

    /// - Returns: nil if the stanza is no push.
    init?(_ stanza: XMLElement) {
        self.stanza = stanza
        let type = stanza.attribute("type")
        switch stanza.name {
        case "iq":
            guard type == "set", let push = stanza.child("push", GatewayDialect.gultsch.namespace) else { return nil }
            target = .instance(
                push.attribute("instance") ?? "", application: push.attribute("application") ?? "")
            payload = Base64.decode(push.text.filter { !$0.isWhitespace }).flatMap(Self.bounded)
        case "message":
            guard type != "error", let subject = stanza.child("subject")?.text, !subject.isEmpty,
                let body = stanza.child("body")?.text, !body.isEmpty
            else { return nil }
            target = .publicToken(subject)
            payload = Self.bounded(Array(body.utf8))
        default: return nil
        }
    }

    private static func bounded(_ bytes: [UInt8]) -> [UInt8]? {
        bytes.count <= longestPayload ? bytes : nil
    }

    /// What tells the gateway that the push is safe. A message needs no answer.
    var receipt: XMLElement? {
        guard stanza.name == "iq" else { return nil }
        var receipt = XMLElement("iq", Namespace.client)
        receipt.setAttribute("type", "result")
        receipt.setAttribute("id", stanza.attribute("id"))
        receipt.setAttribute("to", stanza.attribute("from"))
        return receipt
    }

    /// What tells the sender that it is not taken, without all that was in it.
    func refusal(_ condition: StanzaError.Condition) -> XMLElement? {
        var refusal = StanzaError(condition).reply(to: stanza)
        refusal?.setAttribute("from", nil)
        refusal?.children.removeAll { node in
            if case .element(let element) = node { element.name != "error" } else { true }
        }
        return refusal
    }
}
