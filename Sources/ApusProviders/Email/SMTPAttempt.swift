import ApusCore

/// How an attempt to send a mail ended, and what that means (RFC 5321 §4.2, RFC 4954 §6).
struct SMTPAttempt: Equatable {
    enum End: Equatable {
        case done
        case nameUnknown
        case noConnection
        case noTLS
        case noLogin
        /// The server refused a greeting, before there was talk of the mail.
        case greetingRefused
        case timeout
        case cancelled
        /// The server refused a command, or the mail.
        case refused
        /// The connection broke.
        case broken
    }

    let end: End
    /// What the server said last.
    let reply: SMTPReply?
    /// Whether all of the mail was handed over.
    let isAllSent: Bool
    /// What went wrong, in curl's words.
    var reason = ""

    /// Nothing is to be sent for this many seconds, as it would fare no better.
    var pause: Int64? {
        switch end {
        case .nameUnknown, .noConnection, .greetingRefused, .timeout: 5
        case .noTLS, .noLogin: reply.map { (400..<500).contains($0.code) } ?? false ? 5 : 60
        case .refused: reply?.code == 421 ? 5 : nil
        case .done, .broken, .cancelled: nil
        }
    }

    /// Whether an old connection may be to blame, on which the server had heard nothing of the mail.
    var mayRetryAtOnce: Bool {
        !isAllSent && (end == .broken || end == .refused && reply?.code == 421)
    }

    var outcome: SendOutcome {
        let answer = reply.map { "The mail server answered \($0.code) \($0.text)" } ?? "The mail server did not answer"
        switch end {
        case .done:
            let reference = reply?.text ?? ""
            return SendOutcome(
                .accepted(reference: reference), code: "smtp.accepted",
                detail: "The mail server accepted it: \(reference)")
        case .nameUnknown:
            return later("smtp.unreachable", "The mail server's name is not known: \(reason).")
        case .noConnection:
            return later("smtp.unreachable", "No connection to the mail server could be made: \(reason).")
        case .greetingRefused:
            return later("smtp.unreachable", "The mail server takes no mails at the moment. \(answer).")
        case .noTLS:
            return later(
                "smtp.tls",
                "The connection to the mail server cannot be made secret: \(reason). Look at tls and ca.",
                after: SendOutcome.operatorPause)
        case .noLogin:
            if let reply, (400..<500).contains(reply.code) { return later("smtp.\(reply.code)", "\(answer).") }
            return noLogin(answer)
        case .timeout where !isAllSent:
            return later("smtp.timeout", "The mail server took too long, and did not get the mail.")
        case .cancelled where !isAllSent:
            return SendOutcome(.putOff(after: 1), code: "smtp.stopping", detail: "The server is stopping.")
        case .timeout, .cancelled:
            return SendOutcome(
                .unknown, code: "smtp.unknown", detail: "The mail server got the mail, and did not answer in time.")
        case .refused:
            return refused(answer)
        case .broken where !isAllSent:
            return later("smtp.not_sent", "The connection broke before the mail was sent.")
        case .broken:
            return SendOutcome(
                .unknown, code: "smtp.unknown", detail: "The connection broke when the mail server had got the mail.")
        }
    }

    private func refused(_ answer: String) -> SendOutcome {
        let code = reply?.code ?? 0
        switch code {
        case ..<500: return later("smtp.\(code)", "\(answer).")
        case 530, 534, 535, 538: return noLogin(answer)
        default: return SendOutcome(.refused, code: "smtp.\(code)", detail: "\(answer).")
        }
    }

    private func noLogin(_ answer: String) -> SendOutcome {
        later(
            "smtp.login", "The mail server does not let Apus in. Look at username and password. \(answer).",
            after: SendOutcome.operatorPause)
    }

    private func later(_ code: String, _ detail: String, after seconds: Int64? = nil) -> SendOutcome {
        SendOutcome(.later(after: seconds), code: code, detail: detail)
    }
}
