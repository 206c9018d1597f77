import ApusCore
import NIOHTTP1

/// Twilio's `Messages` (version 2010-04-01).
struct TwilioGateway: Sendable {
    /// What Twilio's magic numbers do, for which nothing is sent.
    static let rules = [
        VendorRule(prefix: "+15005550001", .code("21211")), VendorRule(prefix: "+15005550002", .code("21612")),
        VendorRule(prefix: "+15005550003", .code("21408")), VendorRule(prefix: "+15005550004", .code("21610")),
        VendorRule(prefix: "+15005550009", .code("21614")),
    ]

    private static let errors: [Int: (status: Int, message: String)] = [
        20003: (401, "Authenticate"), 20404: (404, "The requested resource was not found"),
        20429: (429, "Too Many Requests"), 20500: (500, "Internal Server Error"),
        20503: (503, "Service Unavailable"), 21211: (400, "Invalid 'To' Phone Number"),
        21408: (400, "Permission to send an SMS has not been enabled for the region"),
        21602: (400, "Message body is required."), 21603: (400, "A 'From' phone number is required."),
        21604: (400, "A 'To' phone number is required."),
        21610: (400, "Attempt to send to unsubscribed recipient"), 21612: (400, "The number cannot be reached"),
        21614: (400, "'To' number is not a valid mobile number"),
        21617: (400, "The concatenated message body exceeds the 1600 character limit"),
        30003: (400, "Unreachable destination handset"),
    ]
    private static let longestBody = 1600

    let accountSID: String
    let authToken: String

    var path: String { "/2010-04-01/Accounts/\(accountSID)/Messages.json" }

    static func refusal(_ code: String) -> VendorAnswer? {
        guard let code = Int(code), let (status, message) = errors[code] else { return nil }
        return .json(status, code: "\(code)") { object in
            object.member("code", int: Int64(code))
            object.member("message", string: message)
            object.member("more_info", string: "https://www.twilio.com/docs/errors/\(code)")
            object.member("status", int: Int64(status))
        }
    }

    func send(_ request: VendorRequest, _ context: VendorContext) throws(VendorAnswer) -> VendorAnswer {
        guard let credentials = request.basicCredentials, credentials == (accountSID, authToken) else {
            throw Self.refused(20003)
        }
        guard request.method == .POST, request.path == path else { throw Self.refused(20404) }
        let form = request.bodyFields
        guard let number = form["To"] else { throw Self.refused(21604) }
        guard let sender = form["From"] ?? form["MessagingServiceSid"] else { throw Self.refused(21603) }
        guard let text = form["Body"] else { throw Self.refused(21602) }
        guard text.count <= Self.longestBody else { throw Self.refused(21617) }
        guard Self.isE164(number) else { throw Self.refused(21211) }
        try context.check(number, of: request)
        let id = "SM" + RandomToken.hex128()
        context.accept(request, id: id, targets: [number])
        return .json(201) { object in
            object.member("sid", string: id)
            object.member("account_sid", string: accountSID)
            object.member("status", string: "queued")
            object.member("to", string: number)
            object.member("from", string: sender)
            object.member("body", string: text)
        }
    }

    private static func refused(_ code: Int) -> VendorAnswer {
        refusal("\(code)") ?? VendorAnswer(status: 500)
    }

    private static func isE164(_ text: String) -> Bool {
        text.hasPrefix("+") && (8...16).contains(text.count)
            && text.dropFirst().allSatisfy { $0.isASCII && $0.isNumber }
    }
}
