import ApusCore
import NIOHTTP1

extension VendorStep {
    /// Sends a request that shows the credential's token. One that the vendor does not take any more is replaced once.
    /// - Parameters:
    ///   - isRepeatable: whether the vendor knows the request again, so that it is sent once more if there is no answer.
    ///   - show: puts a token into the headers.
    ///   - isExpired: whether that is what is wrong.
    static func authorized(
        _ request: OutgoingRequest, for route: Route, replacing old: String? = nil, isRepeatable: Bool = false,
        show: @escaping @Sendable (String, inout HTTPHeaders) -> Void,
        isExpired: @escaping @Sendable (OutgoingResponse) -> Bool,
        then: @escaping @Sendable (Result<OutgoingResponse, VendorRefusal>) -> VendorStep<Answer>
    ) -> VendorStep<Answer> {
        .authorize(replacing: old) { result in
            let token: String
            switch result {
            case .success(let given): token = given
            case .failure(let refusal): return then(.failure(refusal))
            }
            var shown = request
            show(token, &shown.headers)
            let next: @Sendable (Result<OutgoingResponse, OutgoingFailure>) -> VendorStep<Answer> = { result in
                if case .success(let response) = result, old == nil, isExpired(response) {
                    return authorized(
                        request, for: route, replacing: token, isRepeatable: isRepeatable, show: show,
                        isExpired: isExpired, then: then)
                }
                return then(result.mapError { VendorRefusal(.failure($0, of: route)) })
            }
            return isRepeatable ? .sendTwice(shown, then: next) : .send(shown, then: next)
        }
    }
}
