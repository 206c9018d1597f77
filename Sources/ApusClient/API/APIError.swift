/// The server's answer to a request that it refused.
public struct APIError: Error, Sendable, CustomStringConvertible {
    /// The HTTP status.
    public let status: Int
    /// A stable name of what is wrong, such as `unknown_app`; `http_<status>` if the answer names none.
    public let code: String
    /// A sentence for people.
    public let message: String
    /// What is wrong with each field, if the server says so.
    public let errors: [JSONValue]
    /// After how many seconds to try again, if the server says so.
    public let retryAfter: Int?
    /// The body as it came.
    public let text: String

    public var description: String { message }
}

extension APIError {
    /// `{"code":400,"message":"…","error":"stable_code","errors":[…]}`; a proxy's answer may be anything else.
    private struct Body: Decodable {
        let code: Int?
        let message: String?
        let error: String?
        let errors: [JSONValue]?
        let retryAfter: Int?
    }

    init(status: Int, retryAfter: String?, answer: APIAnswer) {
        let body = try? answer.decoded(as: Body.self)
        self.status = status
        code = body?.error ?? "http_\(status)"
        message = body?.message ?? "The server answered with status \(status)."
        errors = body?.errors ?? []
        self.retryAfter = retryAfter.flatMap { Int($0) } ?? body?.retryAfter
        text = answer.text
    }

    /// The answer to one line of a batch, which has its status in its `code`.
    ///
    /// - Throws: `UnexpectedAnswerError` if it is something else.
    init(line: APIAnswer) throws {
        guard let status = try line.decoded(as: Body.self).code else { throw UnexpectedAnswerError(text: line.text) }
        self.init(status: status, retryAfter: nil, answer: line)
    }
}

/// The server could not be connected to, or did not answer.
public struct UnreachableError: Error, Sendable, CustomStringConvertible {
    public let server: ServerAddress
    public let reason: String

    public var description: String { "\(server) cannot be reached: \(reason)." }
}

/// An answer that is not what this client understands. The server is no Apus, or a newer one.
public struct UnexpectedAnswerError: Error, Sendable, CustomStringConvertible {
    public let text: String

    public var description: String { "The server's answer is not understood: \"\(text.prefix(200))\"." }
}

/// More messages wait to be sent than `Sender.Settings.capacity` allows. This one was not sent.
public struct TooManyWaitingError: Error, Sendable, CustomStringConvertible {
    public let capacity: Int

    public var description: String { "\(capacity) messages wait to be sent, and no more may. Try again later." }
}
