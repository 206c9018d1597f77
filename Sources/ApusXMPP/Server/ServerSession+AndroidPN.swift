import ApusCore

/// What AndroidPN clients and their many descendants say of notifications and of themselves (seed 000).
extension ServerSession {
    /// An empty result for a notification: it came, or the second time, its user opened it. The original client sends
    /// none at all.
    mutating func receiveResult(_ iq: XMLElement) {
        guard iq.children.allSatisfy({ if case .text = $0 { true } else { false } }),
            let message = iq.attribute("id").flatMap(MessageID.init)
        else { return }
        act(.count(.resultReceipt))
        act(.confirm(message, .acknowledged))
    }

    /// `deliverconfirm`, `confirm` or `receipt` with the `<id>` of the notification. Descendants name the elements as
    /// they like; the namespace is what they agree on.
    mutating func receiveDeliverConfirm(_ request: IQRequest) {
        guard request.isSet else { return refuse(request.iq, StanzaError(.serviceUnavailable)) }
        let id = request.payload.elements.first { ["uuid", "notificationId", "id"].contains($0.name) }?.text
        guard let message = id.flatMap({ MessageID(Self.trimmed($0)) }) else {
            return refuse(request.iq, StanzaError(.badRequest, text: "The uuid must be the id of a notification."))
        }
        act(.count(.confirmReceipt))
        act(.confirm(message, .received))
        reply(to: request.iq)
    }

    mutating func receiveSetAlias(_ request: IQRequest) {
        guard let account = ownAccount(request) else { return }
        guard let alias = request.payload.child("alias").map({ Self.trimmed($0.text) }), !alias.isEmpty,
            alias.utf8.count <= Self.longestName
        else {
            return refuse(
                request.iq, StanzaError(.badRequest, text: "The alias must have 1 to \(Self.longestName) bytes."))
        }
        ask(.setAlias(alias, account), for: .change(request.iq))
    }

    /// Tags in one text with commas between them. They replace those that the device had.
    mutating func receiveSetTags(_ request: IQRequest) {
        guard let account = ownAccount(request) else { return }
        let tags = (request.payload.child("tags")?.text ?? "").split(separator: ",").map { Self.trimmed(String($0)) }
            .filter { !$0.isEmpty }
        guard tags.count <= Self.mostTags, tags.allSatisfy({ $0.utf8.count <= Self.longestName }) else {
            return refuse(
                request.iq,
                StanzaError(
                    .badRequest,
                    text: "There may be \(Self.mostTags) tags of \(Self.longestName) bytes with commas between them."))
        }
        ask(.setTags(tags, account), for: .change(request.iq))
    }

    private static let longestName = 255
    private static let mostTags = 100

    /// The account that the request is for, if that is the client's own.
    private mutating func ownAccount(_ request: IQRequest) -> Account? {
        guard request.isSet, let account = login?.account else {
            refuse(request.iq, StanzaError(.serviceUnavailable))
            return nil
        }
        let named = request.payload.elements.first { $0.name.lowercased() == "username" }?.text
        guard named.map({ $0.isEmpty || accountName(Self.trimmed($0)) == account.name }) ?? true else {
            refuse(request.iq, StanzaError(.forbidden, text: "The user name is not yours."))
            return nil
        }
        return account
    }

    private static func trimmed(_ text: String) -> String {
        var text = text[...]
        while text.first?.isWhitespace ?? false { text.removeFirst() }
        while text.last?.isWhitespace ?? false { text.removeLast() }
        return String(text)
    }
}
