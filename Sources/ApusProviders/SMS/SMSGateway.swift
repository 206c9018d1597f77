package import ApusCore
import Synchronization

/// Sends texts through the service that a credential is for.
package final class SMSGateway: SMSSender {
    package static let routes: [Route] = [.aliyunSMS, .twilioSMS, .webhookSMS]

    private let vendor: any SMSVendor
    private let http: OutgoingHTTP
    private let clock: any Clock
    private let limit: Int
    private let underWay = Mutex(0)

    /// - Parameters:
    ///   - http: shut down by whoever made it; what is under way ends then.
    ///   - limit: texts that may be under way.
    /// - Throws: `ApusError` that says what is wrong with the credential.
    package init(
        _ credential: Credential, http: OutgoingHTTP, clock: any Clock, limit: Int = 64
    ) throws(ApusError) {
        vendor =
            switch credential.route {
            case .aliyunSMS: try AliyunSMS(credential)
            case .twilioSMS: try TwilioSMS(credential)
            case .webhookSMS: try WebhookSMS(credential)
            default: throw Self.unknown(credential.route)
            }
        self.http = http
        self.clock = clock
        self.limit = limit
    }

    package func send(_ message: SMSMessage, completion: @escaping @Sendable (SendOutcome) -> Void) {
        let request: OutgoingRequest
        do throws(ApusError) {
            request = try vendor.request(for: message, at: clock.now)
        } catch {
            return completion(SendOutcome(.refused, code: error.code, detail: error.message))
        }
        let hasRoom = underWay.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
        guard hasRoom else {
            let detail = "As many texts are under way as may be, \(limit)."
            return completion(SendOutcome(.putOff(after: 1), code: "\(vendor.name).busy", detail: detail))
        }
        http.send(request) { [self] result in
            underWay.withLock { $0 -= 1 }
            completion(outcome(of: result))
        }
    }

    private func outcome(of result: Result<OutgoingResponse, OutgoingFailure>) -> SendOutcome {
        let name = vendor.name
        switch result {
        case .success(let response):
            return vendor.outcome(of: response, at: clock.now)
        case .failure(.forbidden(let reason)):
            return SendOutcome(.refused, code: "\(name).address_refused", detail: "Nothing was sent: \(reason).")
        case .failure(.notSent(let reason)):
            return SendOutcome(.later(after: nil), code: "\(name).not_sent", detail: "Nothing was sent: \(reason).")
        case .failure(.unanswered(let reason)):
            return SendOutcome(.unknown, code: "\(name).unknown", detail: "It was sent and not answered: \(reason).")
        }
    }

    private static func unknown(_ route: Route) -> ApusError {
        let known = routes.map(\.rawValue).joined(separator: ", ")
        return ApusError(
            .invalid, code: "unknown_provider", "There is no SMS service \(route.rawValue). There are: \(known).")
    }
}

extension Route {
    package static let aliyunSMS = Route(rawValue: "sms.aliyun")
    package static let twilioSMS = Route(rawValue: "sms.twilio")
    package static let webhookSMS = Route(rawValue: "sms.webhook")
}
