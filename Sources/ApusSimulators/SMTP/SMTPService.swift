/// What the control interface of a mail server knows of it; the service itself is `SMTPSession`.
///
/// Addresses that begin with a reply and a hyphen, such as `550-ann@example.org`, have that reply, if the rules are not
/// changed. Rules without a prefix are for whole messages.
struct SMTPService: VendorService {
    static let recipientPath = "RCPT"
    static let messagePath = "DATA"

    private static let replies = 400...599

    let initialRules = [421, 450, 451, 452, 550, 552, 553, 554].map {
        VendorRule(prefix: "\($0)-", .code("\($0)"))
    }

    /// - Returns: nil for codes that refuse nothing.
    func refusal(_ code: String) -> VendorAnswer? {
        guard let code = Int(code), Self.replies.contains(code) else { return nil }
        return VendorAnswer(status: code)
    }

    func answer(_ request: VendorRequest, _ context: VendorContext) throws(VendorAnswer) -> VendorAnswer {
        VendorAnswer(status: 404)
    }

    /// - Returns: a code that refuses, also for effects that are none.
    static func reply(demandedBy rule: VendorRule) -> Int {
        switch rule.effect {
        case .code(let code): Int(code) ?? 451
        case .status(let status): max(replies.lowerBound, status)
        case .fault: 451
        }
    }
}
