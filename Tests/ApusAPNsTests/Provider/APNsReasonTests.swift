import ApusAPNs
import ApusCore
import NIOCore
import Testing

@Suite("APNs' answers")
struct APNsReasonTests {
    @Test(
        "each known reason has the meaning that Apple gives it",
        arguments: [
            (400, "BadCollapseId", .failed), (400, "BadExpirationDate", .failed), (400, "BadMessageId", .failed),
            (400, "BadPriority", .failed), (400, "BadTopic", .failed), (400, "DuplicateHeaders", .failed),
            (400, "InvalidPushType", .failed), (400, "MissingDeviceToken", .failed), (400, "MissingTopic", .failed),
            (400, "PayloadEmpty", .failed), (404, "BadPath", .failed), (405, "MethodNotAllowed", .failed),
            (413, "PayloadTooLarge", .failed),
            (400, "BadDeviceToken", .tokenDead), (400, "DeviceTokenNotForTopic", .tokenDead),
            (410, "Unregistered", .tokenDead), (410, "ExpiredToken", .tokenDead),
            (400, "TopicDisallowed", .credentials), (403, "BadCertificate", .credentials),
            (403, "BadCertificateEnvironment", .credentials), (403, "Forbidden", .credentials),
            (403, "InvalidProviderToken", .credentials), (403, "MissingProviderToken", .credentials),
            (403, "UnrelatedKeyIdInToken", .credentials), (403, "BadEnvironmentKeyIdInToken", .credentials),
            (403, "BadEnvironmentKeyInToken", .credentials), (429, "TooManyProviderTokenUpdates", .credentials),
            (403, "ExpiredProviderToken", .renewToken),
            (400, "IdleTimeout", .reconnect), (503, "Shutdown", .reconnect),
            (429, "TooManyRequests", .retry), (500, "InternalServerError", .retry),
            (503, "ServiceUnavailable", .retry),
        ] as [(Int, String, APNsVerdict)])
    func known(status: Int, reason: String, verdict: APNsVerdict) {
        let response = APNsResponse(status: status, body: ByteBuffer(string: #"{"reason":"\#(reason)"}"#))
        #expect(response.reason != nil)
        #expect(response.verdict == verdict)
    }

    @Test(
        "the status decides about a reason that is not known, or missing",
        arguments: [
            (200, .delivered), (400, .failed), (401, .credentials), (403, .credentials), (404, .failed),
            (405, .failed), (408, .retry), (410, .tokenDead), (413, .failed), (418, .failed), (429, .retry),
            (500, .retry), (502, .retry), (503, .retry), (599, .retry), (301, .failed), (0, .failed),
        ] as [(Int, APNsVerdict)])
    func unknown(status: Int, verdict: APNsVerdict) {
        #expect(APNsResponse(status: status).verdict == verdict)
        let new = APNsResponse(status: status, body: ByteBuffer(string: #"{"reason":"SomethingNew"}"#))
        #expect(new.verdict == verdict)
        #expect(new.reason == nil)
        #expect(new.reasonText == "SomethingNew")
    }

    @Test("only what a wrong environment or topic would cause is suspicious")
    func suspicious() {
        #expect(APNsReason.allCases.filter(\.isSuspicious) == [.badDeviceToken, .deviceTokenNotForTopic])
    }

    @Test("the time of a dead token is read in milliseconds")
    func timestamp() {
        let body = ByteBuffer(string: #"{"timestamp":1700000000123,"reason":"Unregistered","more":{"a":[1]}}"#)
        let response = APNsResponse(status: 410, body: body)
        #expect(response.timestamp == Timestamp(milliseconds: 1_700_000_000_123))
        #expect(response.reason == .unregistered)
    }

    @Test(
        "a body that is not what it should be counts as empty",
        arguments: ["", "<html>", "[]", #"{"reason":7}"#, #"{"reason":null,"timestamp":"x"}"#, "{"])
    func oddBody(text: String) {
        let response = APNsResponse(status: 503, body: ByteBuffer(string: text))
        #expect(response.reasonText == nil)
        #expect(response.verdict == .retry)
    }

    @Test("the reason of a GOAWAY is read from its debug data")
    func debugData() {
        #expect(APNsResponse.reason(inDebugData: ByteBuffer(string: #"{"reason":"Shutdown"}"#)) == "Shutdown")
        #expect(APNsResponse.reason(inDebugData: nil) == nil)
    }
}
