import ApusTestKit

@testable import ApusXMPP

/// What devices may send, by how far they have come. `ID` stands for one that is used once.
enum SessionFuzzLines {
    static let header = Screenplay.header
    static let closing = "</stream:stream>"

    static let auth = #"<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">AGFubgBzZWNyZXQ=</auth>"#
    static let bind =
        #"<iq id="ID" type="set"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>r</resource></bind></iq>"#

    static let early = [
        #"<iq id="ID" type="get"><query xmlns="jabber:iq:auth"><username>ann</username></query></iq>"#,
        #"<iq id="ID" type="get"><query xmlns="jabber:iq:auth"/></iq>"#,
        #"<iq id="ID" type="set"><query xmlns="jabber:iq:auth"><username>ann</username><digest>00</digest><resource>r</resource></query></iq>"#,
        #"<iq id="ID" type="set"><query xmlns="jabber:iq:auth"><username>ann</username><password>x</password><resource>r</resource></query></iq>"#,
        #"<iq id="ID" type="set"><query xmlns="jabber:iq:register"><password>p</password><username>new</username></query></iq>"#,
        #"<iq id="ID" type="set"><query xmlns="jabber:iq:register"><password>p</password><username>ann</username></query></iq>"#,
        #"<iq id="ID" type="get"><query xmlns="jabber:iq:register"/></iq>"#,
        #"<iq id="ID" type="get"><ping xmlns="urn:xmpp:ping"/></iq>"#,
        #"<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="SCRAM-SHA-256">biwsbj1hbm4scj1hYmM=</auth>"#,
        #"<response xmlns="urn:ietf:params:xml:ns:xmpp-sasl">Yz1iaXdzLHI9YWJjLHA9AAA=</response>"#,
        #"<abort xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>"#,
        #"<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="X"/>"#,
        #"<enable xmlns="urn:xmpp:sm:3"/>"#, " ", #"<iq type="result" id="7"/>"#,
    ]

    static let bound = [
        "<presence/>", "<presence/>", #"<presence type="unavailable"/>"#,
        "<presence><priority>-1</priority></presence>",
        #"<presence type="subscribe"/>"#, #"<presence to="bob@example.org"/>"#, " ", "\n",
        #"<iq id="ID" type="get"><query xmlns="jabber:iq:roster"/></iq>"#,
        #"<iq id="ID" type="set"><query xmlns="jabber:iq:roster"><item jid="b@c"/></query></iq>"#,
        #"<iq id="ID" type="get" to="example.org"><ping xmlns="urn:xmpp:ping"/></iq>"#,
        #"<iq id="ID" type="get"><query xmlns="http://jabber.org/protocol/disco#info"/></iq>"#,
        #"<iq id="ID" type="get" to="example.org"><query xmlns="http://jabber.org/protocol/disco#items"/></iq>"#,
        #"<iq id="ID" type="set"><session xmlns="urn:ietf:params:xml:ns:xmpp-session"/></iq>"#,
        #"<iq id="ID" type="set"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>"#,
        #"<iq id="ID" type="set"><deliverconfirm xmlns="androidpn:iq:deliverconfirm"><uuid>7</uuid></deliverconfirm></iq>"#,
        #"<iq id="ID" type="set"><setalias xmlns="androidpn:iq:setalias"><alias>a</alias></setalias></iq>"#,
        #"<iq id="ID" type="set"><settags xmlns="androidpn:iq:settags"><username>bob</username><tags>a,b</tags></settags></iq>"#,
        #"<iq id="ID" type="set"><query xmlns="jabber:iq:register"><password>new</password></query></iq>"#,
        #"<iq id="ID" type="get"><query xmlns="jabber:iq:register"/></iq>"#,
        #"<iq id="ID" type="set" to="bob@example.org/pc"><x xmlns="urn:x"/></iq>"#,
        #"<iq id="ID" type="get" to="@"><x xmlns="urn:x"/></iq>"#, #"<iq id="ID" type="set"/>"#,
        #"<iq id="ID" type="get"><x xmlns="urn:x">&lt;&#233;é</x></iq>"#,
        #"<iq type="result" id="7"/>"#, #"<iq type="error" id="7"><error code="501" type="CANCEL"/></iq>"#,
        #"<message to="example.org"><received xmlns="urn:xmpp:receipts" id="7"/></message>"#,
        #"<message to="bob@example.org"><body>hi</body></message>"#, #"<message to="@"><body>hi</body></message>"#,
        #"<message to="up.example.org"><displayed xmlns="urn:xmpp:chat-markers:0" id="8"/></message>"#,
        #"<enable xmlns="urn:xmpp:sm:3" resume="true"/>"#, #"<r xmlns="urn:xmpp:sm:3"/>"#,
        #"<active xmlns="urn:xmpp:csi:0"/>"#,
    ]

    private static let fragments = [
        "<", ">", "/>", "</", "&", "'", "\"", "<!--", "<![CDATA[", "]]>", "<?x?>", "<!DOCTYPE x>", "xmlns=''", ":",
        "\u{0}", "</iq>", "</stream:stream>", "<iq/>", " ", "type='get'", "\u{1F426}", "stream:",
        #"<iq id="1" type="get"><ping xmlns="urn:xmpp:ping"/></iq>"#, String(repeating: "<a>", count: 60),
        String(repeating: "x", count: 11_000),
    ].map { Array($0.utf8) }

    /// Breaks a line in one place or a few.
    static func mutated(_ line: String, _ dice: inout SeededGenerator) -> [UInt8] {
        var bytes = Array(line.utf8)
        for _ in 0..<Int.random(in: 1...3, using: &dice) where !bytes.isEmpty {
            let at = Int.random(in: 0..<bytes.count, using: &dice)
            let end = min(bytes.count, at + Int.random(in: 0...8, using: &dice))
            switch Int.random(in: 0..<4, using: &dice) {
            case 0: bytes[at] = UInt8.random(in: .min ... .max, using: &dice)
            case 1: bytes.replaceSubrange(at..<end, with: fragments.randomElement(using: &dice) ?? [])
            case 2: bytes.removeSubrange(at..<end)
            default: bytes.insert(contentsOf: bytes[(at / 2)..<at], at: end)
            }
        }
        return bytes
    }
}
