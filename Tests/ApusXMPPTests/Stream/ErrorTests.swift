import Testing

@testable import ApusXMPP

@Suite("Stream and stanza errors")
struct ErrorTests {
    @Test("every stream error is read as it was written", arguments: StreamError.Condition.allCases)
    func streamErrors(condition: StreamError.Condition) {
        var error = StreamError(condition, text: "because")
        if condition == .seeOtherHost { error.host = "[2001:db8::1]:5222" }
        error.detail = XMLElement("more", "urn:example")
        #expect(StreamError(error.element) == error)
        #expect(StreamError(condition).element.elements.map(\.name) == [condition.rawValue])
    }

    @Test("every stanza error is read as it was written", arguments: StanzaError.Condition.allCases)
    func stanzaErrors(condition: StanzaError.Condition) {
        let error = StanzaError(condition, text: "because")
        let stanza = XMLElement("iq", Namespace.client, children: [.element(error.element(in: Namespace.client))])
        #expect(StanzaError(in: stanza) == error)
    }

    @Test("a refused request comes back with the error and its code")
    func reply() {
        let username = XMLElement("username", "jabber:iq:auth", text: "u")
        let query = XMLElement("query", "jabber:iq:auth", children: [.element(username)])
        let request = XMLElement(
            "iq",
            Namespace.client,
            attributes: [.init("id", "x-2"), .init("type", "set"), .init("to", "d")],
            children: [.element(query)]
        )
        let expected = XMLElement(
            "iq",
            Namespace.client,
            attributes: [.init("type", "error"), .init("id", "x-2"), .init("from", "d")],
            children: [
                .element(query),
                .element(
                    XMLElement(
                        "error",
                        Namespace.client,
                        attributes: [.init("code", "401"), .init("type", "auth")],
                        children: [.element(XMLElement("not-authorized", Namespace.stanzaErrors))]
                    )
                ),
            ]
        )
        #expect(StanzaError(.notAuthorized).reply(to: request) == expected)
    }

    @Test("an answer is not answered")
    func noReply() {
        for type in ["error", "result"] {
            let answer = XMLElement("iq", Namespace.client, attributes: [.init("type", type)])
            #expect(StanzaError(.badRequest).reply(to: answer) == nil)
        }
    }

    @Test("types in capitals and errors with only a code, as old clients send, are understood")
    func legacy() {
        func error(_ attributes: [XMLElement.Attribute]) -> StanzaError? {
            let error = XMLElement("error", Namespace.client, attributes: attributes)
            return StanzaError(in: XMLElement("iq", Namespace.client, children: [.element(error)]))
        }
        #expect(error([.init("code", "501"), .init("type", "CANCEL")]) == StanzaError(.featureNotImplemented))
        #expect(error([.init("code", "404")]) == StanzaError(.itemNotFound))
        #expect(error([])?.condition == .undefinedCondition)
        #expect(StanzaError(in: XMLElement("iq", Namespace.client)) == nil)
    }
}
