import ApusCore
import ApusTestKit
import NIOCore
import Testing

@Suite("Posts to endpoints")
struct EndpointPostTests {
    private let key = [UInt8](repeating: 4, count: 65)

    private func endpoint(
        _ fixture: DispatcherFixture, _ device: Device, _ change: (inout EndpointRegistration) -> Void = { _ in }
    ) throws -> Endpoint {
        var registration = EndpointRegistration(device: device.number, name: "mail")
        change(&registration)
        var endpoint: Endpoint?
        let wanted = registration
        try fixture.store.write {
            endpoint = try $0.registerEndpoint(wanted, newID: Array(device.id.utf8.prefix(16)), at: fixture.clock.now)
        }
        return try #require(endpoint)
    }

    private func post(_ fixture: DispatcherFixture, _ post: EndpointPost) async throws -> Acceptance {
        try await fixture.dispatcher.post(post)
    }

    @Test("reach the device, with the registration's name and the bytes")
    func delivery() async throws {
        try await DispatcherFixture.with { fixture in
            let ann = try fixture.device("ann")
            let endpoint = try endpoint(fixture, ann)
            let device = try await fixture.connect(ann)
            try await fixture.settle()
            let accepted = try await post(
                fixture, EndpointPost(endpoint: endpoint.id, data: [1, 2], topic: "t", timeToLive: 60))
            #expect(accepted.deliveries == 1)
            try await fixture.settle()
            #expect(try await device.messages == [accepted.message])
            let content = try fixture.store.read { try $0.message(accepted.message) }?.message.content
            let push = EndpointPush(
                endpoint: endpoint.number, registration: "mail", data: [1, 2])
            #expect(content?.push == push && content?.urgency == .normal && content?.collapseKey == "t")
        }
    }

    @Test("are refused one by one, for a reason, and hold up nothing else in their commit")
    func refusals() async throws {
        try await DispatcherFixture.with { fixture in
            let (ann, ben, eve) = (try fixture.device("ann"), try fixture.device("ben"), try fixture.device("eve"))
            let open = try endpoint(fixture, ann)
            let signed = try endpoint(fixture, ben) {
                $0.senderKey = key
                $0.expiresAt = fixture.clock.now.adding(seconds: 60)
            }
            let text = try endpoint(fixture, eve) { $0.takesTextOnly = true }
            let posts: [(EndpointPost, ApusError?)] = [
                (EndpointPost(endpoint: [1, 2, 3], data: [1], timeToLive: 60), .endpointGone),
                (EndpointPost(endpoint: open.id, data: [0xFF, 0], timeToLive: 60), nil),
                (EndpointPost(endpoint: signed.id, data: [1], timeToLive: 60), .signatureRequired),
                (EndpointPost(endpoint: signed.id, data: [1], timeToLive: 60, signer: [4, 4]), .wrongSigner),
                (EndpointPost(endpoint: signed.id, data: [1], timeToLive: 60, signer: key), nil),
                (EndpointPost(endpoint: text.id, data: [0xFF], timeToLive: 60), .textOnly),
                (EndpointPost(endpoint: text.id, data: [0x61, 0x01], timeToLive: 60), .textOnly),
                (EndpointPost(endpoint: text.id, data: [0xEF, 0xBF, 0xBF], timeToLive: 60), .textOnly),
                (EndpointPost(endpoint: text.id, data: Array("ä\n😀".utf8), timeToLive: 60), nil),
            ]
            for (post, expected) in posts {
                let error: ApusError?
                do {
                    _ = try await self.post(fixture, post)
                    error = nil
                } catch let refused as ApusError {
                    error = refused
                }
                #expect(error == expected)
            }
            fixture.clock.advance(by: .seconds(60))
            await #expect(throws: ApusError.endpointGone) {
                _ = try await self.post(
                    fixture, EndpointPost(endpoint: signed.id, data: [1], timeToLive: 60, signer: self.key))
            }
        }
    }

    @Test("of the same topic leave only the last to a device that was away")
    func topic() async throws {
        try await DispatcherFixture.with { fixture in
            let ann = try fixture.device("ann")
            let endpoint = try endpoint(fixture, ann)
            var messages: [MessageID] = []
            for number in UInt8(0)..<3 {
                let post = EndpointPost(endpoint: endpoint.id, data: [number], topic: "t", timeToLive: 60)
                messages.append(try await self.post(fixture, post).message)
            }
            let device = try await fixture.connect(ann)
            try await fixture.settle()
            #expect(try await device.messages == [messages[2]])
            #expect(try fixture.state(messages[0], ann)?.end == .cancelled)
        }
    }
}

@Suite("SealedTokens")
struct SealedTokensTests {
    private let box = SecretBox(key: [UInt8](repeating: 7, count: 32))!

    @Test("are known by who made them, for what they were made, and nobody can make or change one")
    func tokens() throws {
        let tokens = SealedTokens(box, purpose: "endpoints", length: 16)
        let id = Array(UInt8(0)..<16)
        let token = tokens.token(for: id)
        #expect(token.utf8.count == 43)
        #expect(tokens.identifier(in: token.utf8) == id)
        #expect(SealedTokens(box, purpose: "messages", length: 16).identifier(in: token.utf8) == nil)
        let otherBox = SecretBox(key: [UInt8](repeating: 8, count: 32))!
        #expect(SealedTokens(otherBox, purpose: "endpoints", length: 16).identifier(in: token.utf8) == nil)
        for position in token.utf8.indices.dropLast() {
            var changed = Array(token.utf8)
            let index = token.utf8.distance(from: token.utf8.startIndex, to: position)
            changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(tokens.identifier(in: changed) == nil)
        }
        for wrong in ["", "A", String(repeating: "A", count: 43), token + "A", token + token, "=" + token] {
            #expect(tokens.identifier(in: wrong.utf8) == nil)
        }
    }
}
