import Testing

@testable import ApusXMPP

@Suite("Address")
struct JIDTests {
    @Test("the parts of an address are found, with an @ or / in the resource")
    func parts() throws {
        let full = try JID("Juliet@Example.ORG./Balcony @/x")
        #expect(full.node == "juliet")
        #expect(full.domain == "example.org")
        #expect(full.resource == "Balcony @/x")
        #expect(full.description == "juliet@example.org/Balcony @/x")
        #expect(full.bare.description == "juliet@example.org")
        #expect(try JID("example.org").node == nil)
        #expect(try JID("[::1]/r").description == "[::1]/r")
        #expect(try full.bare.with(resource: "b").description == "juliet@example.org/b")
    }

    @Test("case does not matter in the account, and does in the resource")
    func caseFolding() throws {
        #expect(try JID("ÉLAN@d/R") == JID("élan@D/R"))
        #expect(try JID("a@d/R") != JID("a@d/r"))
        #expect(try JID("so\u{AD}ft@d") == JID("soft@d"))
    }

    @Test(
        "a malformed address is refused",
        arguments: [
            "", "@d", "a@", "a@d/", "/r", "a b@d", "a\u{A0}b@d", "a\u{1}@d", "a&b@d", "a'b@d", "a\"b@d", "a:b@d",
            "a<b@d",
            "a@b@c", "a@d e", "a@d/\u{7}", "\u{AD}@d", "a@d/\u{FFFF}", ".",
        ]
    )
    func malformed(text: String) {
        #expect(throws: StanzaError(.jidMalformed)) { try JID(text) }
    }

    @Test("no part is longer than 1023 bytes")
    func length() throws {
        let longest = String(repeating: "é", count: 511) + "e"
        #expect(try JID(node: longest, domain: longest, resource: longest).node == longest)
        #expect(throws: StanzaError(.jidMalformed)) { try JID(node: longest + "e", domain: "d") }
        #expect(throws: StanzaError(.jidMalformed)) { try JID("a@d/" + longest + "e") }
    }
}
