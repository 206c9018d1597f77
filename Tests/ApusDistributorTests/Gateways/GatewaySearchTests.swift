import ApusXMPP
import Testing

@testable import ApusDistributor

@Suite("The search for a gateway")
struct GatewaySearchTests {
    private static let domain = JID.example("example.org")

    private func items(_ addresses: String...) -> LinkAnswer {
        var query = XMLElement("query", Namespace.discoItems)
        query.children = addresses.map { address in
            .element(XMLElement("item", Namespace.discoItems, attributes: [.init("jid", address)]))
        }
        return .result(.stanza("iq", "result", from: "example.org", [query]))
    }

    private func info(_ features: String...) -> LinkAnswer {
        var query = XMLElement("query", Namespace.discoInfo)
        query.children = features.map { feature in
            .element(XMLElement("feature", Namespace.discoInfo, attributes: [.init("var", feature)]))
        }
        return .result(.stanza("iq", "result", from: "example.org", [query]))
    }

    private let refusal = LinkAnswer.refused(StanzaError(.serviceUnavailable), .stanza("iq", "error", from: "a"))
    private let gultsch = "http://gultsch.de/xmpp/drafts/unified-push"

    @Test("a gateway of Conversations' protocol is preferred to one of seed 002's")
    func preference() {
        var search = GatewaySearch(configured: nil, inUse: nil)
        #expect(search.start(ownDomain: Self.domain) == [.askItems(Self.domain), .askInfo(Self.domain)])
        #expect(
            search.receiveItems(items("seed.example.org", "up.example.org", "example.org"))
                == [.askInfo(.example("seed.example.org")), .askInfo(.example("up.example.org"))])
        #expect(search.receiveInfo(info("urn:xmpp:ping"), from: Self.domain) == [])
        #expect(search.receiveInfo(info("unifiedpush.org"), from: .example("seed.example.org")) == [])
        #expect(
            search.receiveInfo(info(gultsch), from: .example("up.example.org")) == [.finish(.found(.gultsch))])
    }

    @Test("the own server may be the gateway")
    func ownServer() {
        var search = GatewaySearch(configured: nil, inUse: nil)
        _ = search.start(ownDomain: Self.domain)
        #expect(search.receiveInfo(info(gultsch), from: Self.domain) == [])
        let gateway = Gateway(address: Self.domain, dialect: .gultsch)
        #expect(search.receiveItems(refusal) == [.finish(.found(gateway))])
    }

    @Test("there is none only if everybody has answered")
    func nothing() {
        var certain = GatewaySearch(configured: nil, inUse: nil)
        _ = certain.start(ownDomain: Self.domain)
        _ = certain.receiveItems(items())
        #expect(certain.receiveInfo(refusal, from: Self.domain) == [.finish(.none)])
        var unclear = GatewaySearch(configured: nil, inUse: nil)
        _ = unclear.start(ownDomain: Self.domain)
        _ = unclear.receiveItems(items())
        #expect(unclear.receiveInfo(.lost, from: Self.domain) == [.finish(.unclear)])
        var withoutList = GatewaySearch(configured: nil, inUse: nil)
        _ = withoutList.start(ownDomain: Self.domain)
        _ = withoutList.receiveInfo(info(), from: Self.domain)
        #expect(withoutList.receiveItems(.lost) == [.finish(.unclear)])
    }

    @Test("the gateway in use stays, also while it does not answer, until it is none any more")
    func inUse() {
        func outcome(_ answer: LinkAnswer) -> [GatewaySearch.Action] {
            var search = GatewaySearch(configured: nil, inUse: .genofire)
            _ = search.start(ownDomain: Self.domain)
            _ = search.receiveItems(items("up.example.org"))
            _ = search.receiveInfo(info(), from: Self.domain)
            _ = search.receiveInfo(info(gultsch), from: .example("up.example.org"))
            return search.receiveInfo(answer, from: .example("seed.example.org"))
        }
        #expect(outcome(info("unifiedpush.org")) == [.finish(.found(.genofire))])
        #expect(outcome(.lost) == [.finish(.found(.genofire))])
        #expect(outcome(refusal) == [.finish(.found(.gultsch))])
    }

    @Test("only the configured gateway is asked, and taken even if it does not say what it is")
    func configured() {
        let address = JID.example("seed.example.org")
        var search = GatewaySearch(configured: address, inUse: .gultsch)
        #expect(search.start(ownDomain: Self.domain) == [.askInfo(address)])
        #expect(search.receiveInfo(info("unifiedpush.org"), from: address) == [.finish(.found(.genofire))])
        var silent = GatewaySearch(configured: address, inUse: nil)
        _ = silent.start(ownDomain: Self.domain)
        #expect(
            silent.receiveInfo(refusal, from: address)
                == [.finish(.found(Gateway(address: address, dialect: .gultsch)))])
    }

    @Test("a server with very many services is not asked about all")
    func bounded() {
        var search = GatewaySearch(configured: nil, inUse: nil)
        _ = search.start(ownDomain: Self.domain)
        var query = XMLElement("query", Namespace.discoItems)
        query.children = (0..<1000).map { number in
            .element(XMLElement("item", Namespace.discoItems, attributes: [.init("jid", "s\(number).example.org")]))
        }
        #expect(search.receiveItems(.result(.stanza("iq", "result", from: "example.org", [query]))).count == 19)
    }
}
