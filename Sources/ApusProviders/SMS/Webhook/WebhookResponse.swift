import ApusCore
import NIOCore

/// A webhook's answer is its status alone. What it says in its body is shown to people.
struct WebhookResponse {
    let outcome: SendOutcome

    init(_ response: OutgoingResponse, at now: Timestamp) {
        let words = ForeignText.line(String(buffer: response.body))
        let code = "webhook.\(response.status)"
        let detail = "The webhook answered \(response.status)\(words.isEmpty ? "." : ": \(words)")"
        switch response.status {
        case 200..<300:
            outcome = SendOutcome(.accepted(reference: words), code: "webhook.accepted", detail: detail)
        case 408, 429, 500...:
            let result = SendOutcome.Result.later(after: RetryAfter.seconds(of: response, at: now))
            outcome = SendOutcome(result, code: code, detail: detail)
        default:
            outcome = SendOutcome(.refused, code: code, detail: detail)
        }
    }
}
