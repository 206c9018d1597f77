import ApusTestKit
import NIOCore
import Testing

@testable import ApusXMPP

@Suite("Stanza writer")
struct StanzaWriterTests {
    private func written(_ body: (inout StanzaWriter) -> Void) -> String {
        var writer = StanzaWriter()
        body(&writer)
        return String(buffer: writer.take())
    }

    @Test("a stream is opened as AndroidPN servers open it")
    func streamHeader() {
        let header = StreamHeader(from: "127.0.0.1", id: "8c73c61", language: "en", version: "1.0")
        #expect(
            written { $0.openStream(header) } == "<?xml version='1.0' encoding='UTF-8'?>"
                + #"<stream:stream xmlns:stream="http://etherx.jabber.org/streams" xmlns="jabber:client" from="127.0.0.1" "#
                + #"id="8c73c61" xml:lang="en" version="1.0">"#
        )
        let component = StreamHeader(namespace: Namespace.component, from: "up.example.org", id: "3BF96D32")
        #expect(
            written { $0.openStream(component) } == "<?xml version='1.0' encoding='UTF-8'?>"
                + #"<stream:stream xmlns:stream="http://etherx.jabber.org/streams" xmlns="jabber:component:accept" "#
                + #"from="up.example.org" id="3BF96D32">"#
        )
    }

    @Test("features are offered as the seed's server offers them")
    func features() {
        #expect(
            written { $0.features([.startTLS(required: false), .legacyAuth, .register]) }
                == #"<stream:features><starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>"#
                + #"<auth xmlns="http://jabber.org/features/iq-auth"/>"#
                + #"<register xmlns="http://jabber.org/features/iq-register"/></stream:features>"#
        )
        let all: [StreamFeature] = [
            .startTLS(required: true), .mechanisms(["SCRAM-SHA-1", "PLAIN"]), .bind, .session, .streamManagement,
            .rosterVersions,
        ]
        #expect(
            written { $0.features(all) }
                == #"<stream:features><starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"><required/></starttls>"#
                + #"<mechanisms xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><mechanism>SCRAM-SHA-1</mechanism>"#
                + #"<mechanism>PLAIN</mechanism></mechanisms><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/>"#
                + #"<session xmlns="urn:ietf:params:xml:ns:xmpp-session"><optional/></session>"#
                + #"<sm xmlns="urn:xmpp:sm:3"/><ver xmlns="urn:xmpp:features:rosterver"/></stream:features>"#
        )
    }

    @Test("a stream error ends the stream")
    func streamError() {
        #expect(
            written { $0.closeStream(StreamError(.conflict, text: "Replaced by a new connection")) }
                == #"<stream:error><conflict xmlns="urn:ietf:params:xml:ns:xmpp-streams"/>"#
                + #"<text xmlns="urn:ietf:params:xml:ns:xmpp-streams" xml:lang="en">Replaced by a new connection</text>"#
                + "</stream:error></stream:stream>"
        )
    }

    @Test("a notification is written as AndroidPN clients know it")
    func notification() {
        let text = written { writer in
            writer.open("iq")
            writer.attribute("type", "set")
            writer.attribute("id", "857-94")
            writer.open("notification", "androidpn:iq:notification")
            writer.element("id", text: "13866063")
            writer.element("uri")
            writer.close("notification")
            writer.close("iq")
        }
        #expect(
            text
                == #"<iq type="set" id="857-94"><notification xmlns="androidpn:iq:notification"><id>13866063</id><uri/>"#
                + "</notification></iq>"
        )
    }

    @Test("text and attributes are escaped, and what XML cannot hold is left out")
    func escapes() {
        let text = "a<b>&\"'c\r\n\t\u{0}\u{1F}\u{7F}\u{FFFE}\u{FFFF}\u{FFFD}ï😀"
        #expect(
            written { $0.element("a", text: text) } == "<a>a&lt;b&gt;&amp;\"'c&#13;\n\t\u{7F}\u{FFFD}ï😀</a>"
        )
        let attribute = written { writer in
            writer.open("a")
            writer.attribute("b", text)
            writer.close("a")
        }
        #expect(attribute == "<a b=\"a&lt;b&gt;&amp;&quot;'c&#13;&#10;&#9;\u{7F}\u{FFFD}ï😀\"/>")
    }

    @Test("what is written is read as it was")
    func roundTrips() throws {
        var dice = SeededGenerator(seed: 42)
        for _ in 0..<300 {
            let namespace = [Namespace.client, Namespace.component].randomElement(using: &dice) ?? ""
            let elements = (0..<3).map { _ in randomElement(depth: 0, &dice) }
            var writer = StanzaWriter()
            writer.openStream(StreamHeader(namespace: namespace))
            for element in elements { writer.write(element, in: namespace) }
            writer.closeStream()
            let events = try read([Array(writer.take().readableBytesView)])
            let expected: [StreamEvent] =
                [.streamOpened(StreamHeader(namespace: namespace))] + elements.map { .element($0) } + [.streamClosed]
            #expect(events == expected)
        }
    }

    private func randomElement(depth: Int, _ dice: inout SeededGenerator) -> XMLElement {
        let namespaces = ["", "urn:a", "urn:b&<\"'", Namespace.client, Namespace.streams, Namespace.component]
        var element = XMLElement(
            ["a", "body", "längere-Name.1"].randomElement(using: &dice) ?? "",
            namespaces.randomElement(using: &dice) ?? ""
        )
        for index in 0..<Int.random(in: 0...3, using: &dice) {
            let namespace = ["", "urn:c", Namespace.xml].randomElement(using: &dice) ?? ""
            element.attributes.append(.init("a\(index)", randomText(&dice), namespace: namespace))
        }
        for _ in 0..<Int.random(in: 0...(depth < 4 ? 3 : 0), using: &dice) {
            if case .text? = element.children.last {
            } else {
                element.children.append(.text("x" + randomText(&dice)))
            }
            if Bool.random(using: &dice) {
                element.children.append(.element(randomElement(depth: depth + 1, &dice)))
            }
        }
        return element
    }

    private func randomText(_ dice: inout SeededGenerator) -> String {
        let letters = Array("a <>&'\"\r\t\né]€😀\u{FFFD}".unicodeScalars)
        var text = ""
        for _ in 0..<Int.random(in: 0...20, using: &dice) {
            text.unicodeScalars.append(letters.randomElement(using: &dice) ?? "a")
        }
        return text
    }
}
