package import ApusCore
package import NIOCore
import NIOHTTP1

/// Posts to receivers of webhooks with the headers of Standard Webhooks 1.0.
package final class WebhookPoster: WebhookSender {
    private let http: OutgoingHTTP
    private let policy: AddressPolicy
    private let clock: any Clock
    private let timeLimit: TimeAmount

    /// - Parameters:
    ///   - http: used by nobody else; it is shut down with this.
    ///   - timeLimit: from connecting to the last byte of the answer.
    package init(http: OutgoingHTTP, policy: AddressPolicy, clock: any Clock, timeLimit: TimeAmount) {
        self.http = http
        self.policy = policy
        self.clock = clock
        self.timeLimit = timeLimit
    }

    package func check(url: String) throws(ApusError) {
        let address = try WebAddress(url)
        guard !policy.allowsHost(address.host), let refusal = address.literalAddress.flatMap(policy.refusal) else {
            return
        }
        throw ApusError(.invalid, code: "url_refused", "Nothing is posted to \(address.host): \(Self.advice(refusal))")
    }

    package func send(_ post: WebhookPost, completion: @escaping @Sendable (WebhookAnswer) -> Void) {
        let delay = RetryDelay.vendor.spreadSeconds(after: post.attempts + 1)
        let address: WebAddress
        do throws(ApusError) {
            address = try WebAddress(post.url)
        } catch {
            return completion(.failed(reason: error.message, afterSeconds: delay))
        }
        var request = OutgoingRequest(to: address)
        request.timeLimit = timeLimit
        request.body = post.body
        request.headers = [
            "content-type": "application/json", "webhook-id": post.id,
            "webhook-timestamp": String(post.timestamp.milliseconds / 1000), "webhook-signature": post.signature,
        ]
        http.send(request) { [clock] in completion(Self.answer($0, delay, at: clock.now)) }
    }

    package func shutdown() async { await http.shutdown(drainTime: .seconds(1)) }

    private static func answer(
        _ result: Result<OutgoingResponse, OutgoingFailure>, _ delay: Int64, at now: Timestamp
    ) -> WebhookAnswer {
        let reason: String
        var seconds = delay
        switch result {
        case .success(let response) where (200..<300).contains(response.status):
            return .taken
        case .success(let response) where (300..<400).contains(response.status):
            reason = "it answered \(response.status), and redirects are not followed"
        case .success(let response):
            reason = "it answered \(response.status)"
            seconds = RetryAfter.seconds(response.headers.first(name: "retry-after"), at: now, otherwise: delay)
        case .failure(.forbidden(let refusal)):
            reason = advice(refusal)
        case .failure(.notSent(let failure)), .failure(.unanswered(let failure)):
            reason = failure
        }
        return .failed(reason: reason, afterSeconds: seconds)
    }

    private static func advice(_ refusal: String) -> String {
        "\(refusal); outgoing.allow lets operators allow it"
    }
}
