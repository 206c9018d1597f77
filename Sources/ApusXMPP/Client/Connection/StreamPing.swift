/// Pings (XEP-0199).
enum StreamPing {
    static func request(from: String? = nil, to: String, id: String) -> XMLElement {
        var iq = XMLElement("iq", Namespace.client, attributes: [.init("type", "get"), .init("id", id)])
        iq.setAttribute("from", from)
        iq.setAttribute("to", to)
        iq.children = [.element(XMLElement("ping", Namespace.ping))]
        return iq
    }

    /// - Returns: nil if `stanza` is no ping.
    static func answer(to stanza: XMLElement) -> XMLElement? {
        guard stanza.name == "iq", let request = IQRequest(stanza), !request.isSet,
            request.payload.matches("ping", Namespace.ping)
        else { return nil }
        var result = XMLElement("iq", stanza.namespace, attributes: [.init("type", "result")])
        result.setAttribute("id", stanza.attribute("id"))
        result.setAttribute("from", stanza.attribute("to"))
        result.setAttribute("to", stanza.attribute("from"))
        return result
    }
}
