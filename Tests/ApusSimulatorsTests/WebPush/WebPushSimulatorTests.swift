import ApusCore
import ApusTestKit
import Crypto
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import ApusSimulators

@Suite("WebPushSimulator", .timeLimit(.minutes(1)))
struct WebPushSimulatorTests {
    let clock = ManualClock()
    let sender = P256.Signing.PrivateKey()
    var senderKey: String { Base64URL.encode(sender.publicKey.x963Representation) }

    func withSimulator(_ body: (WebPushSimulator, HTTPTestClient) async throws -> Void) async throws {
        let simulator = try await WebPushSimulator.start(
            clock: clock, group: MultiThreadedEventLoopGroup.singleton)
        let client = try await HTTPTestClient.connect(port: simulator.port)
        try await body(simulator, client)
        try await client.close()
        try await simulator.stop()
    }

    func authorization(_ simulator: WebPushSimulator, audience: String? = nil, lifetime: Int64 = 3600) throws -> String
    {
        let exp = clock.now.milliseconds / 1000 + lifetime
        let claims = #"{"aud":"\#(audience ?? simulator.origin)","exp":\#(exp),"sub":"mailto:a@b.example"}"#
        let content = "\(Base64URL.encode(#"{"alg":"ES256"}"#.utf8)).\(Base64URL.encode(claims.utf8))"
        let signature = try sender.signature(for: Array(content.utf8)).rawRepresentation
        return "vapid t=\(content).\(Base64URL.encode(signature)),k=\(senderKey)"
    }

    let good: HTTPHeaders = ["ttl": "60", "content-encoding": "aes128gcm", "urgency": "high", "topic": "a"]
    let body = String(repeating: "x", count: 103)

    @Test("a message is answered with 201 and its address, and what cannot be decrypted is kept without its text")
    func accepts() async throws {
        try await withSimulator { simulator, client in
            let device = simulator.subscribe()
            let answer = try await client.send(.POST, "/push/\(device.id)", good, body)
            #expect(answer.status == 201)
            let message = try #require(simulator.messages(for: device.id).first)
            #expect(answer.headers.first(name: "location") == "\(simulator.origin)/message/\(message.id)")
            #expect(message.timeToLive == 60)
            #expect(message.urgency == "high")
            #expect(message.topic == "a")
            #expect(message.key == nil)
            #expect(message.plaintext == nil)
        }
    }

    @Test(
        "requests that break the rules are refused",
        arguments: [
            ("ttl", nil, 400), ("ttl", "-1", 400), ("ttl", "x", 400), ("urgency", "urgent", 400),
            ("topic", "a b", 400), ("content-encoding", "aesgcm", 415), ("content-encoding", nil, 415),
        ])
    func refuses(_ name: String, _ value: String?, _ status: Int) async throws {
        try await withSimulator { simulator, client in
            let device = simulator.subscribe()
            var headers = good
            headers.remove(name: name)
            if let value { headers.add(name: name, value: value) }
            let answer = try await client.send(.POST, "/push/\(device.id)", headers, body)
            #expect(answer.status == status)
            #expect(simulator.messages(for: device.id).map(\.status) == [status])
        }
    }

    @Test("bodies have 103 to 4096 bytes")
    func sizes() async throws {
        try await withSimulator { simulator, client in
            let device = simulator.subscribe()
            for (length, status) in [(0, 400), (102, 400), (103, 201), (4096, 201), (4097, 413)] {
                let body = String(repeating: "x", count: length)
                let answer = try await client.send(.POST, "/push/\(device.id)", good, body)
                #expect(answer.status == status, "\(length) bytes")
            }
        }
    }

    @Test("a subscription for one sender asks for its authorization, and checks it")
    func vapid() async throws {
        try await withSimulator { simulator, client in
            let device = simulator.subscribe(requiredKey: senderKey)
            func status(_ authorization: String?) async throws -> Int {
                var headers = good
                if let authorization { headers.add(name: "authorization", value: authorization) }
                return try await client.send(.POST, "/push/\(device.id)", headers, body).status
            }
            #expect(try await status(authorization(simulator)) == 201)
            #expect(try await status(nil) == 401)
            #expect(try await status("Bearer x") == 403)
            #expect(try await status(authorization(simulator, audience: "https://other.example")) == 403)
            #expect(try await status(authorization(simulator, lifetime: 0)) == 403)
            #expect(try await status(authorization(simulator, lifetime: 86_401)) == 403)
            let signed = try authorization(simulator)
            let otherKey = Base64URL.encode(P256.Signing.PrivateKey().publicKey.x963Representation)
            #expect(try await status(signed.replacing(senderKey, with: otherKey)) == 403)
            #expect(simulator.messages(for: device.id).first?.key == senderKey)
        }
    }

    @Test("answers come as they were demanded, for so many requests")
    func demanded() async throws {
        try await withSimulator { simulator, client in
            let device = simulator.subscribe()
            let path = "/control/subscriptions/\(device.id)/answer"
            let demand = #"{"status":429,"retryAfter":30,"times":1}"#
            #expect(try await client.send(.PUT, path, [:], demand).status == 204)
            let answer = try await client.send(.POST, "/push/\(device.id)", good, body)
            #expect(answer.status == 429)
            #expect(answer.headers.first(name: "retry-after") == "30")
            #expect(try await client.send(.POST, "/push/\(device.id)", good, body).status == 201)
            #expect(try await client.send(.PUT, path, [:], #"{"status":302,"location":"/x"}"#).status == 204)
            for _ in 0..<2 {
                let redirect = try await client.send(.POST, "/push/\(device.id)", good, body)
                #expect(redirect.status == 302)
                #expect(redirect.headers.first(name: "location") == "/x")
            }
            #expect(try await client.send(.DELETE, path).status == 204)
            #expect(try await client.send(.POST, "/push/\(device.id)", good, body).status == 201)
        }
    }

    @Test(
        "a wrong demand is refused",
        arguments: ["", "{}", #"{"status":99}"#, #"{"status":200,"time":1}"#, #"{"status":200,"times":0}"#])
    func wrongDemand(_ body: String) async throws {
        try await withSimulator { simulator, client in
            let path = "/control/subscriptions/\(simulator.subscribe().id)/answer"
            let answer = try await client.send(.PUT, path, [:], body)
            #expect(answer.status == 400)
        }
    }

    @Test("devices are subscribed and unsubscribed over HTTP, and what came is shown")
    func control() async throws {
        try await withSimulator { simulator, client in
            let answer = try await client.send(.POST, "/control/subscriptions", [:], #"{"key":"\#(senderKey)"}"#)
            #expect(answer.status == 201)
            let id = try #require(answer.body.split(separator: "\"").dropFirst(3).first.map(String.init))
            #expect(answer.body.contains("\(simulator.origin)/push/\(id)"))
            #expect(try await client.send(.POST, "/push/\(id)", good, body).status == 401)
            let shown = try await client.send(.GET, "/control/subscriptions/\(id)")
            #expect(shown.body.contains(#""status":401,"problem":"VAPID is needed.""#))
            #expect(try await client.send(.DELETE, "/control/subscriptions/\(id)").status == 204)
            #expect(try await client.send(.POST, "/push/\(id)", good, body).status == 410)
            #expect(try await client.send(.POST, "/push/unknown", good, body).status == 404)
            #expect(try await client.send(.GET, "/control/subscriptions/unknown").status == 404)
        }
    }
}
