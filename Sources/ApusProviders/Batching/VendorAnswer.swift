import ApusCore
import NIOHTTP1

/// What a vendor's answer means for a batch.
enum VendorAnswer: Sendable, Equatable {
    /// One outcome for each delivery, in their order.
    case settled([VendorOutcome])
    /// Nothing was sent, as something is wrong with a delivery's token and nobody says which: its halves are tried. Of
    /// one delivery this is the outcome.
    case split(VendorOutcome)
    /// Nothing was sent: the vendor wants to be left alone, for so many seconds if it says so.
    case busy(seconds: Int64?, detail: String)
    /// Nothing was sent: the vendor does not take the credential.
    case credential(detail: String)
    /// Nothing was sent: the vendor has a problem. Each delivery is tried again later.
    case failing(code: String, detail: String)
    /// Nobody can say whether it was sent.
    case unanswered(code: String, detail: String)

    /// The same outcome for all, of which one has the job.
    static func all(
        _ batch: VendorBatch, _ result: VendorOutcome.Result, code: String, detail: String, task: VendorTask? = nil
    ) -> VendorAnswer {
        let outcome = VendorOutcome(result, code: code, detail: detail)
        var outcomes = Array(repeating: outcome, count: batch.count)
        outcomes[0] = VendorOutcome(result, code: code, detail: detail, task: task)
        return .settled(outcomes)
    }

    /// There was no answer.
    static func failure(_ failure: OutgoingFailure, of route: Route) -> VendorAnswer {
        switch failure {
        case .forbidden(let reason): .credential(detail: "Its endpoint cannot be used: \(reason).")
        case .notSent(let reason):
            .failing(code: "\(route.rawValue).not_sent", detail: "Nothing was sent to the vendor: \(reason).")
        case .unanswered(let reason):
            .unanswered(
                code: "\(route.rawValue).unknown", detail: "It was sent to the vendor and not answered: \(reason).")
        }
    }

    /// An answer that is not in the vendor's format, as something before the vendor may give it.
    static func unreadable(_ response: OutgoingResponse, of route: Route, at now: Timestamp) -> VendorAnswer {
        let detail = "The vendor answered \(response.status) and nothing that can be read."
        let code = "\(route.rawValue).\(response.status)"
        switch response.status {
        // A gateway that has no answer does not know, either.
        case 200..<300, 502, 504: return .unanswered(code: code, detail: detail)
        case 429, 503:
            let asked = response.headers.first(name: "retry-after").flatMap { RetryAfter.seconds($0, at: now) }
            return .busy(seconds: asked, detail: detail)
        default: return .failing(code: code, detail: detail)
        }
    }

    /// For requests after which no device has anything yet, whatever became of them.
    var withNothingSent: VendorAnswer {
        if case .unanswered(let code, let detail) = self { .failing(code: code, detail: detail) } else { self }
    }

    var trouble: VendorGate.Trouble? {
        switch self {
        case .settled, .split: nil
        case .busy(let seconds, let detail): .busy(seconds: seconds, detail)
        case .credential(let detail): .credential(detail)
        case .failing(_, let detail), .unanswered(_, let detail): .failing(detail)
        }
    }
}
