import ApusCore
import NIOCore
import NIOHTTP1

/// Firebase Cloud Messaging, HTTP v1. Each request is for one device and shows an access token that Google's OAuth
/// service gives to a service account.
struct FCMVendor: Vendor {
    static let route = Route.fcm
    static let batchLimit = 1
    static let requestLimit = 100

    private let credential: FCMCredential

    init(_ credential: Credential) throws(ApusError) {
        self.credential = try FCMCredential(credential)
    }

    var name: String { FCMCredential.name }
    var publicSettings: JSONMembers { credential.publicSettings }
    var platforms: Set<Platform> { [.android, .ios, .web] }
    var requestsPerMinute: Int? { credential.requestsPerMinute }

    func token(at now: Timestamp) -> VendorStep<Result<AccessToken, VendorRefusal>> {
        guard let request = try? credential.tokenRequest(at: now) else {
            return .finish(.failure(VendorRefusal(.credential(detail: "The service account's key cannot sign."))))
        }
        return .send(request) { result in
            switch result {
            case .success(let response):
                if let token = FCMResponse.accessToken(response, at: now) { return .finish(.success(token)) }
                let words = ForeignText.phrase(String(buffer: response.body))
                let detail = "Google gave no access token: \(response.status) \(words)."
                return .finish(
                    .failure(
                        VendorRefusal(
                            (400..<500).contains(response.status) && response.status != 429
                                ? .credential(detail: detail) : .failing(code: "fcm.no_token", detail: detail))))
            case .failure(let failure):
                return .finish(.failure(VendorRefusal(.failure(failure, of: Self.route).withNothingSent)))
            }
        }
    }

    func send(_ batch: VendorBatch, at now: Timestamp) throws(ApusError) -> VendorStep<VendorAnswer> {
        let payload = try FCMPayload(batch.message)
        guard let address = credential.sendAddress, let token = batch.tokens.first else {
            return .finish(.credential(detail: "The endpoint cannot be used."))
        }
        var request = OutgoingRequest(to: address)
        request.headers = ["content-type": "application/json"]
        request.body = payload.body(for: token, on: batch.platform, at: now)
        request.isTrusted = true
        request.bodyLimit = 4096
        return .authorized(
            request, for: Self.route,
            show: { token, headers in headers.replaceOrAdd(name: "authorization", value: "Bearer \(token)") },
            isExpired: { $0.status == 401 && FCMResponse($0).isUnauthenticated },
            then: { result in
                switch result {
                case .success(let response): .finish(FCMResponse(response).answer(to: batch, at: now))
                case .failure(let refusal): .finish(refusal.answer)
                }
            })
    }
}
