import ApusCore
import NIOCore

/// An answer of Getui: `code`, `msg` and `data`.
struct GetuiResponse {
    /// What an error means for a message.
    enum Meaning: Equatable {
        case credential
        /// Another token is needed.
        case token
        case busy
        case failing
        /// The client is none of the app's.
        case client
        case message

        init(code: Int, message: String) {
            switch code {
            case 10001: self = .token
            case 301, 404, 405, 10002, 10004, 30000...39999: self = .credential
            case 10003, 10005: self = .busy
            case 1, 2: self = .failing
            case 20001 where message.contains("target user is invalid"): self = .client
            default: self = .message
            }
        }
    }

    /// nil if it is not of Getui's format.
    let code: Int?
    let message: String
    let response: OutgoingResponse
    let text: String
    /// The text of a JSON object.
    private let data: String?

    init(_ response: OutgoingResponse) {
        self.response = response
        text = String(String(buffer: response.body).prefix(4096))
        var code: Int?
        var message = ""
        var data: String?
        try? JSONScanner.withObject(in: response.body) { scanner in
            while let key = try scanner.nextKey() {
                switch (key, try scanner.kind()) {
                case ("code", .number): code = Int(clamping: try scanner.int())
                case ("msg", .string): message = try scanner.string()
                case ("data", .object): data = try scanner.rawValue()
                default: try scanner.skipValue()
                }
            }
        }
        self.code = code
        self.message = message
        self.data = data
    }

    /// A text or a number that `data` has under this name.
    subscript(name: String) -> String? {
        data.flatMap { try? JSONMembers(ByteBuffer(string: $0)) }?[name]
    }

    /// What `data` says of a job: its id, and the values that are texts, by their names.
    private var job: (id: String, values: [String: String])? {
        data.flatMap { text in
            try? JSONScanner.withObject(in: ByteBuffer(string: text)) { scanner in
                var job: (id: String, values: [String: String])?
                while let key = try scanner.nextKey() {
                    guard try scanner.kind() == .object else {
                        try scanner.skipValue()
                        continue
                    }
                    let id = key.string
                    job = (id, try Self.values(&scanner))
                }
                return job
            }
        }
    }

    /// Texts, and objects as theirs.
    private static func values(_ scanner: inout JSONScanner) throws -> [String: String] {
        var values: [String: String] = [:]
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            let name = key.string
            values[name] = try scanner.kind() == .string ? scanner.string() : scanner.rawValue()
        }
        return values
    }

    private var detail: String { "Getui answered \(code ?? response.status): \(ForeignText.phrase(message))." }

    /// What an error means for a batch; of success nil.
    func refusal(of batch: VendorBatch, at now: Timestamp) -> VendorAnswer? {
        guard let code else { return .unreadable(response, of: GetuiVendor.route, at: now) }
        guard code != 0 else { return nil }
        let name = "getui.\(code)"
        switch Meaning(code: code, message: message) {
        case .credential, .token: return .credential(detail: detail)
        case .busy: return .busy(seconds: 60, detail: detail)
        case .failing: return .failing(code: name, detail: detail)
        case .client: return .split(VendorOutcome(.tokenDead(since: nil), code: name, detail: detail))
        case .message: return .all(batch, .refused, code: name, detail: detail)
        }
    }

    /// Getui says of each client what it did. Who is not named got nothing, and is asked for alone.
    func outcomes(of batch: VendorBatch, suspects: SuspectTokens, at now: Timestamp) -> VendorAnswer {
        guard let job else {
            return .unanswered(code: "getui.unknown", detail: "Getui took it and does not say what it did.")
        }
        let again = now.adding(seconds: batch.retryDelay)
        var outcomes = batch.tokens.map { token -> VendorOutcome in
            guard let state = job.values[token] else {
                suspects.insert([token])
                return VendorOutcome(
                    .later(at: again), code: "getui.not_named",
                    detail: "Getui does not say what it did for this client. It will be sent alone.")
            }
            suspects.remove([token])
            guard state != "successed_ignore" else {
                return VendorOutcome(
                    .refused, code: "getui.\(ForeignText.code(state))",
                    detail: "Getui dropped it: the device was away for 90 days.")
            }
            return VendorOutcome(
                .accepted, code: "getui.\(ForeignText.code(state))", detail: "Getui accepted it as \(job.id): \(state)."
            )
        }
        // Getui tells nothing more of what went to a single client.
        let status = VendorTaskStatus(
            result: "SUCCESS", status: "", response: text, at: now, isFinal: batch.count == 1)
        let task = VendorTask(
            message: batch.message.id, app: batch.message.app, route: GetuiVendor.route, platform: batch.platform,
            id: job.id, status: status)
        let first = outcomes[0]
        outcomes[0] = VendorOutcome(first.result, code: first.code, detail: first.detail, task: task)
        return .settled(outcomes)
    }

    /// How many clients have the message, from the report that this is.
    var report: (received: String, targets: String)? {
        guard let total = job?.values["total"], let counts = try? JSONMembers(ByteBuffer(string: total)) else {
            return nil
        }
        return (counts["receive_num"] ?? "0", counts["target_num"] ?? "0")
    }
}
