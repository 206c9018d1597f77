import ApusCore
import NIOCore
import NIOHTTP1

/// Aliyun's SMS service, `SendSms` of the version 2017-05-25. It sends only texts whose template it approved.
struct AliyunSMS: SMSVendor {
    let name = "aliyun"
    private let credentials: AliyunCredentials

    init(_ credential: Credential) throws(ApusError) {
        credentials = try AliyunCredentials(credential)
    }

    func request(for message: SMSMessage, at now: Timestamp) throws(ApusError) -> OutgoingRequest {
        let payload = try AliyunPayload(message, credentials, nonce: RandomToken.hex128(), at: now)
        var request = OutgoingRequest(to: credentials.endpoint)
        request.isTrusted = true
        request.bodyLimit = 4096
        request.headers = ["content-type": "application/x-www-form-urlencoded"]
        // Not in the URL, which proxies write to their logs.
        request.body = ByteBuffer(string: payload.signed(for: "POST", secret: credentials.accessKeySecret))
        return request
    }

    func outcome(of response: OutgoingResponse, at now: Timestamp) -> SendOutcome {
        AliyunResponse(response).outcome
    }
}
