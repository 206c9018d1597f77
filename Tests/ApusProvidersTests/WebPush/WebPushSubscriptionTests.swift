import ApusCore
import Crypto
import Testing

@testable import ApusProviders

@Suite("WebPushSubscription")
struct WebPushSubscriptionTests {
    @Test("what a browser gives is read")
    func reads() throws {
        let subscription = try WebPushSubscription(WebPushVector.json(others: #""expirationTime":1800000000000.0,"#))
        #expect(subscription.endpoint.text == "https://push.example.org/wpush/1")
        #expect(subscription.expiresAt == Timestamp(milliseconds: 1_800_000_000_000))
        #expect(Base64URL.encode(subscription.publicKey.x963Representation) == WebPushVector.devicePublic)
        #expect(Base64URL.encode(subscription.authentication) == WebPushVector.authentication)
    }

    @Test("members may be missing, unknown or in another order, and keys may be padded")
    func lenient() throws {
        let json = """
            {"keys":{"auth":"\(WebPushVector.authentication)==","other":1,"p256dh":"\(WebPushVector.devicePublic)="},
            "options":{"a":[1]},"endpoint":"https://push.example.org/1"}
            """
        #expect(try WebPushSubscription(json).expiresAt == nil)
    }

    @Test("plain HTTP is for who allows it")
    func plainHTTP() throws {
        let json = WebPushVector.json(endpoint: "http://127.0.0.1:8000/push/1")
        #expect(throws: ApusError.self) { try WebPushSubscription(json) }
        #expect(try WebPushSubscription(json, allowsPlainHTTP: true).endpoint.port == 8000)
    }

    static let offCurve =
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw8"

    @Test(
        "what is wrong is said",
        arguments: [
            ("ABC", "invalid JSON"), ("[]", "expected an object"), ("{}", "endpoint must be a URL of up to 1000 bytes"),
            (#"{"endpoint":1}"#, "expected a string"),
            (WebPushVector.json(endpoint: "ftp://a/b"), "endpoint: The URL cannot be used"),
            (WebPushVector.json(endpoint: "http://a/b"), "endpoint must be an https URL"),
            (
                WebPushVector.json(endpoint: "https://a/" + String(repeating: "b", count: 991)),
                "endpoint must be a URL of up to 1000 bytes"
            ),
            (#"{"endpoint":"https://a/b"}"#, "keys.p256dh must be a point"),
            (WebPushVector.json(publicKey: offCurve), "keys.p256dh must be a point"),
            (WebPushVector.json(publicKey: "BCVx"), "keys.p256dh must be a point"),
            (WebPushVector.json(publicKey: ""), "keys.p256dh must be a point"),
            (WebPushVector.json(authentication: "BTBZMqHH6r4Tts7J_aSI"), "keys.auth must be 16 bytes"),
            (WebPushVector.json(authentication: "!"), "keys.auth must be 16 bytes"),
            (WebPushVector.json(others: #""expirationTime":"soon","#), "expected null"),
            (WebPushVector.json() + String(repeating: " ", count: 2000), "more than 2000"),
        ])
    func refuses(_ json: String, _ reason: String) {
        let error = #expect(throws: ApusError.self) { try WebPushSubscription(json) }
        #expect(error?.code == "webpush_subscription_invalid")
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }
}
