import NIOCore
import NIOEmbedded
import Testing

@testable import ApusXMPP

@Suite("Requests of a client")
final class OpenRequestsTests {
    private let eventLoop = EmbeddedEventLoop()
    private let requests: OpenRequests
    private var sent: [XMLElement] = []
    private var outcomes: [OpenRequests.Outcome] = []
    private var isOpen = true

    init() throws {
        requests = OpenRequests(account: try JID("ann@example.org"), on: eventLoop)
        _ = requests.take(.connected(address: try JID("ann@example.org/up"), resumed: false))
    }

    /// - Returns: the id.
    private func ask(_ to: String?, timeout: TimeAmount = .seconds(30)) -> String {
        var iq = XMLElement("iq", Namespace.client, attributes: [.init("type", "get"), .init("id", "mine")])
        iq.setAttribute("to", to)
        requests.ask(
            iq, timeout,
            send: { [self] in
                sent.append($0); return isOpen
            }
        ) { [self] in outcomes.append($0) }
        return sent.last?.attribute("id") ?? ""
    }

    private func answer(_ id: String, from: String?, type: String = "result", _ child: XMLElement? = nil) -> XMLElement
    {
        var iq = XMLElement("iq", Namespace.client, attributes: [.init("id", id), .init("type", type)])
        iq.setAttribute("from", from)
        if let child { iq.children = [.element(child)] }
        return iq
    }

    @Test("have ids of their own, and their answers are for nobody else")
    func answered() {
        let (first, second) = (ask("up.example.org"), ask("up.example.org"))
        #expect(first != "mine" && first != second)
        #expect(requests.take(.stanza(answer(second, from: "up.example.org"))))
        #expect(outcomes == [.success(answer(second, from: "up.example.org"))])
        #expect(!requests.take(.stanza(answer(second, from: "up.example.org"))))
    }

    @Test(
        "are answered only by who was asked",
        arguments: [
            ("up.example.org", "up.example.org", true), ("up.example.org", "UP.example.org", true),
            ("up.example.org", "eve.example.org", false), ("up.example.org", nil, false),
            ("up.example.org", "eve@up.example.org", false), ("up.example.org", "example.org", false),
            (nil, nil, true), (nil, "example.org", true), (nil, "ann@example.org", true),
            (nil, "ann@example.org/up", true), (nil, "ann@example.org/eve", false), (nil, "up.example.org", false),
            ("ann@example.org", nil, true), ("ann@example.org", "ann@example.org", true),
            ("ann@example.org", "eve@example.org", false), ("example.org", "example.org", true),
            ("example.org", nil, false), ("up.example.org", "a b", false),
        ] as [(String?, String?, Bool)])
    func spoofed(to: String?, from: String?, isAnswer: Bool) {
        let id = ask(to)
        #expect(requests.take(.stanza(answer(id, from: from))) == isAnswer)
        #expect(outcomes.count == (isAnswer ? 1 : 0))
    }

    @Test("are not answered by another request with the same id")
    func request() {
        let id = ask("up.example.org")
        #expect(!requests.take(.stanza(answer(id, from: "up.example.org", type: "get"))))
    }

    @Test("fail with the error that comes, and with all that was in the answer")
    func refused() {
        let error = answer(
            "", from: "up.example.org", type: "error", StanzaError(.forbidden).element(in: Namespace.client))
        for (child, expected) in [
            (error.firstElement, StanzaError.Condition.forbidden),
            (XMLElement("register", "unifiedpush.org"), .undefinedCondition),
        ] {
            let iq = answer(ask("up.example.org"), from: "up.example.org", type: "error", child)
            #expect(requests.take(.stanza(iq)))
            #expect(outcomes.last == .failure(.refused(StanzaError(expected), answer: iq)))
        }
    }

    @Test("fail when there is no stream, and when too many are open")
    func notSent() {
        isOpen = false
        _ = ask(nil)
        #expect(outcomes == [.failure(.notSent)])
        isOpen = true
        for _ in 0..<256 { _ = ask(nil) }
        #expect(outcomes.count == 1)
        _ = ask(nil)
        #expect(outcomes == [.failure(.notSent), .failure(.notSent)])
    }

    @Test("fail when there is no answer in time")
    func timeout() {
        let id = ask(nil, timeout: .seconds(5))
        eventLoop.advanceTime(by: .seconds(5))
        #expect(outcomes == [.failure(.timedOut)])
        #expect(!requests.take(.stanza(answer(id, from: nil))))
    }

    @Test("stay open when the stream is resumed, and fail when it begins anew")
    func connectionLost() throws {
        _ = ask(nil)
        let address = try JID("ann@example.org/up")
        #expect(!requests.take(.disconnected(reason: "", retryingIn: .seconds(1))))
        #expect(!requests.take(.connected(address: address, resumed: true)))
        #expect(outcomes.isEmpty)
        #expect(!requests.take(.connected(address: address, resumed: false)))
        #expect(outcomes == [.failure(.connectionLost)])
    }
}
