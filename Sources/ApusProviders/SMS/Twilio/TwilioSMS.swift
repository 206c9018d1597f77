import ApusCore
import NIOCore
import NIOHTTP1

/// Twilio's Messages resource, version 2010-04-01.
struct TwilioSMS: SMSVendor {
    let name = "twilio"
    private let credentials: TwilioCredentials

    init(_ credential: Credential) throws(ApusError) {
        credentials = try TwilioCredentials(credential)
    }

    func request(for message: SMSMessage, at now: Timestamp) throws(ApusError) -> OutgoingRequest {
        var request = OutgoingRequest(to: credentials.messages)
        request.isTrusted = true
        request.bodyLimit = 16_384
        request.headers = [
            "authorization": credentials.authorization, "content-type": "application/x-www-form-urlencoded",
        ]
        request.body = try ByteBuffer(string: TwilioPayload(message, credentials).form)
        return request
    }

    func outcome(of response: OutgoingResponse, at now: Timestamp) -> SendOutcome {
        TwilioResponse(response, at: now).outcome
    }
}
