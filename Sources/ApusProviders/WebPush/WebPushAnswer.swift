import ApusCore
import NIOCore
import NIOHTTP1

/// What a push service's answer, or that there is none, means for a delivery (RFC 8030 §5, §7.3, §8.4).
struct WebPushAnswer {
    let outcome: VendorOutcome
    /// How long the service wants to be left alone, or had better be; nil if all is well with it.
    let trouble: TimeAmount?

    init(_ outcome: VendorOutcome, trouble: TimeAmount? = nil) {
        self.outcome = outcome
        self.trouble = trouble
    }

    /// - Parameters:
    ///   - service: the origin of the endpoint.
    ///   - delay: seconds until it is tried again if the service does not say.
    init(
        _ result: Result<OutgoingResponse, OutgoingFailure>, from service: String, delay: Int64, at now: Timestamp
    ) {
        switch result {
        case .success(let response):
            self.init(response, from: service, delay: delay, at: now)
        case .failure(.forbidden(let reason)):
            self.init(
                VendorOutcome(
                    .refused, code: "webpush.address_refused",
                    detail: "\(service) is not a destination that Apus sends to: \(reason)."))
        case .failure(.notSent(let reason)):
            self.init(
                later: delay, code: "webpush.not_sent", "Nothing was sent to \(service): \(reason)", at: now)
        case .failure(.unanswered(let reason)):
            self.init(
                VendorOutcome(
                    .unknown, code: "webpush.unknown",
                    detail: "It was sent to \(service) and not answered: \(reason)."),
                trouble: .seconds(delay))
        }
    }

    private init(_ response: OutgoingResponse, from service: String, delay: Int64, at now: Timestamp) {
        let code = "webpush.\(response.status)"
        let answer = "\(service) answered \(response.status)"
        switch response.status {
        case 200..<300:
            let location = response.headers.first(name: "location").map { " as \(Self.shown($0))" } ?? ""
            self.init(
                VendorOutcome(.accepted, code: "webpush.accepted", detail: "\(service) accepted it\(location)."))
        case 404, 410:
            let detail = "\(answer): there is no such subscription any more."
            self.init(VendorOutcome(.tokenDead(since: nil), code: code, detail: detail))
        case 408, 425, 429, 500...:
            let seconds = RetryAfter.seconds(response.headers.first(name: "retry-after"), at: now, otherwise: delay)
            self.init(later: seconds, code: code, answer, at: now)
        default:
            let detail = answer + Self.meaning(ofRefusal: response.status) + Self.words(of: response)
            self.init(VendorOutcome(.refused, code: code, detail: detail))
        }
    }

    private init(later seconds: Int64, code: String, _ what: String, at now: Timestamp) {
        self.init(
            VendorOutcome(
                .later(at: now.adding(seconds: seconds)), code: code,
                detail: "\(what). It is tried again in \(seconds) seconds."),
            trouble: .seconds(seconds))
    }

    private static func meaning(ofRefusal status: Int) -> String {
        switch status {
        case 300..<400: ", a redirect, which is not followed."
        case 401, 403: ": it does not take the app's VAPID key. Did the device subscribe with another one?"
        case 413: ": the message is too large for it."
        default: "."
        }
    }

    /// What the service says in its own words, if anything.
    private static func words(of response: OutgoingResponse) -> String {
        let text = shown(String(buffer: response.body))
        return text.isEmpty ? "" : " It says: \(text)"
    }

    /// The text on one line, and no more of it than fits into an explanation.
    private static func shown(_ text: String) -> String {
        let scalars = text.unicodeScalars.prefix(300).filter { $0.value >= 0x20 && $0.value != 0x7F }
        return String(String.UnicodeScalarView(scalars))
    }
}
