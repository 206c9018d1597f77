import ApusCore
import NIOCore
import NIOHTTP1

/// Twilio's answer: 201 with the message's `sid`, or an error's `code` and `message`.
struct TwilioResponse {
    /// The credential is wrong (20003, 20404), or the account must not send (20005, 21606, 30002, 63038).
    private static let operatorCodes: Set<Int64> = [20_003, 20_005, 20_404, 21_606, 30_002, 63_038]
    /// Too many requests, or too many messages in Twilio's own queue (30001).
    private static let laterCodes: Set<Int64> = [20_429, 14_107, 21_611, 30_001]

    let outcome: SendOutcome

    init(_ response: OutgoingResponse, at now: Timestamp) {
        var (sid, message, code) = ("", "", Int64?.none)
        try? JSONScanner.withObject(in: response.body) { scanner in
            while let key = try scanner.nextKey() {
                switch (key.string, try scanner.kind()) {
                case ("sid", .string): sid = ForeignText.line(try scanner.string())
                case ("message", .string): message = ForeignText.line(try scanner.string())
                case ("code", .number): code = try scanner.int()
                default: try scanner.skipValue()
                }
            }
        }
        if (200..<300).contains(response.status) {
            let detail = "Twilio accepted it as \(sid)."
            outcome = SendOutcome(.accepted(reference: sid), code: "twilio.accepted", detail: detail)
            return
        }
        let number = code ?? Int64(response.status)
        let result: SendOutcome.Result
        switch response.status {
        case _ where Self.operatorCodes.contains(number):
            result = .later(after: SendOutcome.operatorPause)
        case 408, 429, 500...,
            _ where Self.laterCodes.contains(number):
            result = .later(after: RetryAfter.seconds(of: response, at: now))
        case 401, 403, 404:
            result = .later(after: SendOutcome.operatorPause)
        default:
            result = .refused
        }
        outcome = SendOutcome(result, code: "twilio.\(number)", detail: "Twilio answered \(number): \(message)")
    }
}

extension RetryAfter {
    static func seconds(of response: OutgoingResponse, at now: Timestamp) -> Int64? {
        response.headers.first(name: "retry-after").flatMap { seconds($0, at: now) }
    }
}
