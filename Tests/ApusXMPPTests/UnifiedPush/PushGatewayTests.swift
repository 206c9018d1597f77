import ApusCore
import NIOCore
import Synchronization
import Testing

@testable import ApusXMPP

@Suite("UnifiedPush on XMPP")
struct PushGatewayTests {
    private let hash = Base64.encode([UInt8](repeating: 7, count: 32))

    private func register(_ attributes: [XMLElement.Attribute]) throws -> PushGatewayRequest? {
        try PushGatewayRequest(XMLElement("register", Namespace.unifiedPushProvider, attributes: attributes))
    }

    @Test("a registration is the same after it was stored")
    func names() {
        for registration in [
            PushRegistration.token("a public token"), .instance(application: hash, instance: hash + "2"),
        ] {
            #expect(PushRegistration(name: registration.name) == registration)
        }
        #expect(PushRegistration(name: "mail") == nil)
        #expect(PushRegistration(name: "unified-push only") == nil)
    }

    @Test("both hashes are needed, and of 32 bytes each")
    func hashes() throws {
        let right: [XMLElement.Attribute] = [.init("application", hash), .init("instance", hash)]
        #expect(
            try register(right) == .register(.instance(application: hash, instance: hash), senderKey: nil))
        let wrong: [([XMLElement.Attribute], String)] = [
            ([.init("instance", hash)], "application: no value provided"),
            ([.init("application", "?"), .init("instance", hash)], "application: invalid base64"),
            (
                [.init("application", hash), .init("instance", "AAAA")],
                "instance: incorrect decoded length, expected 32"
            ),
        ]
        for (attributes, text) in wrong {
            #expect(throws: PushGatewayRequest.Refusal.stanza(StanzaError(.badRequest, text: text))) {
                _ = try register(attributes)
            }
        }
        #expect(throws: PushGatewayRequest.Refusal.self) { _ = try register(right + [.init("vapid", "AAAA")]) }
    }

    @Test("seed 002's token is whatever the first child holds, whatever that is called")
    func tokens() throws {
        let request = { (children: [XMLElement]) throws(PushGatewayRequest.Refusal) in
            try PushGatewayRequest(
                XMLElement("unregister", Namespace.unifiedPush, children: children.map { .element($0) }))
        }
        let token = XMLElement("anything", Namespace.unifiedPush, text: "PUBLIC")
        #expect(try request([token]) == .unregister(.token("PUBLIC")))
        for (children, text) in [([], "unable decode"), ([XMLElement("token", Namespace.unifiedPush)], "no token")] {
            do throws(PushGatewayRequest.Refusal) {
                _ = try request(children)
                Issue.record("It was taken.")
            } catch {
                guard case .text(let said, _) = error, said == text else {
                    Issue.record("\(error)")
                    continue
                }
            }
        }
    }

    @Test("a push can be answered only by whom it was sent to, once, and in time")
    func answers() throws {
        func delivery(_ id: Int64) -> VendorDelivery {
            let message = Message(
                id: MessageID(id), app: AppNumber(1), appID: "a", tenant: "", content: MessageContent(alert: ""),
                needsConfirmation: true, expiresAt: Timestamp(milliseconds: 0))
            return VendorDelivery(
                message: message, device: DeviceNumber(1), platform: .pc, token: "ann@example.org/phone",
                registeredAt: Timestamp(milliseconds: 0))
        }
        var answers = AwaitedAnswers()
        let start = NIODeadline.uptimeNanoseconds(0)
        for id in 1...3 as ClosedRange<Int64> {
            #expect(answers.await(delivery(id), until: start + .seconds(id)) { _ in })
        }
        #expect(answers.take(MessageID(1), from: try JID("eve@example.org/phone")) == nil)
        #expect(
            answers.take(MessageID(1), from: try JID("ann@example.org/tablet"))?.delivery.message.id == MessageID(1))
        #expect(answers.take(MessageID(1), from: try JID("ann@example.org/phone")) == nil)
        #expect(answers.takeOverdue(at: start + .seconds(2)).map(\.delivery.message.id) == [MessageID(2)])
        #expect(answers.takeAll().map(\.delivery.message.id) == [MessageID(3)])
        #expect(answers.takeAll().isEmpty)
    }
}
