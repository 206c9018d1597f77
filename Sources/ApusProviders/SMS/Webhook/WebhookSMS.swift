import ApusCore
import NIOCore
import NIOHTTP1

/// Any service that takes a signed POST. How the body looks, the credential says.
struct WebhookSMS: SMSVendor {
    let name = "webhook"
    private let credentials: WebhookCredentials

    init(_ credential: Credential) throws(ApusError) {
        credentials = try WebhookCredentials(credential)
    }

    func request(for message: SMSMessage, at now: Timestamp) throws(ApusError) -> OutgoingRequest {
        let body = try WebhookPayload.body(message, credentials.body)
        let timestamp = String(now.milliseconds / 1000)
        var request = OutgoingRequest(to: credentials.url)
        request.isTrusted = true
        request.headers = [
            "content-type": "application/json",
            "idempotency-key": message.id,
            "x-timestamp": timestamp,
            "x-signature": WebhookPayload.signature(of: body, timestamp: timestamp, key: credentials.key),
        ]
        request.body = ByteBuffer(string: body)
        return request
    }

    func outcome(of response: OutgoingResponse, at now: Timestamp) -> SendOutcome {
        WebhookResponse(response, at: now).outcome
    }
}
