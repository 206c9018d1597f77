import ApusCore
import NIOCore

/// An answer of Umeng: `ret`, and in `data` an id, or an error's code and message.
struct UmengResponse {
    let isSuccess: Bool
    /// Of the message or the task.
    let id: String?
    private(set) var code = 0
    private let message: String?
    private let taskState: String?
    private let response: OutgoingResponse
    private let text: String

    init(_ response: OutgoingResponse) {
        self.response = response
        text = String(String(buffer: response.body).prefix(4096))
        let data = Self.members(response.body)
        isSuccess = data["ret"] == "SUCCESS"
        id = data["msg_id"] ?? data["task_id"]
        code = data["error_code"].flatMap { Int($0) } ?? 0
        message = data["error_msg"]
        taskState = data["status"]
    }

    /// The members of the answer and of its `data`; none if it is not of Umeng's format.
    private static func members(_ body: ByteBuffer) -> JSONMembers {
        var members = JSONMembers()
        try? JSONScanner.withObject(in: body) { scanner in
            while let key = try scanner.nextKey() {
                let kind = try scanner.kind()
                if key == "data", kind == .object {
                    let data = try JSONMembers(ByteBuffer(string: try scanner.rawValue()))
                    for name in data.names { members[name] = data[name] }
                } else if key == "ret", kind == .string {
                    members["ret"] = try scanner.string()
                } else {
                    try scanner.skipValue()
                }
            }
        }
        return members
    }

    /// For people.
    var detail: String {
        if isSuccess { return "Umeng accepted it as \(id ?? "a message without an id")." }
        return "Umeng answered \(code): \(ForeignText.phrase(message ?? "nothing more"))."
    }

    func answer(to batch: VendorBatch, at now: Timestamp) -> VendorAnswer {
        if isSuccess {
            let task = task(of: batch.message, batch.platform, at: now, isFinal: true)
            return .all(batch, .accepted, code: "umeng.accepted", detail: detail, task: task)
        }
        guard code != 0 else { return .unreadable(response, of: UmengVendor.route, at: now) }
        let name = "umeng.\(code)"
        switch UmengError(code: code) {
        case .credential: return .credential(detail: detail)
        case .busy: return .busy(seconds: nil, detail: detail)
        case .failing: return .failing(code: name, detail: detail)
        case .token: return .split(VendorOutcome(.tokenDead(since: nil), code: name, detail: detail))
        case .partial:
            let why = "\(detail) It does not say for which; the next message goes to each of them alone."
            let task = task(of: batch.message, batch.platform, at: now, isFinal: true)
            return .all(batch, .unknown, code: name, detail: why, task: task)
        case .message:
            let task = task(of: batch.message, batch.platform, at: now, isFinal: true)
            return .all(batch, .refused, code: name, detail: detail, task: task)
        }
    }

    /// - Parameter isFinal: whether Umeng tells no more of it, as of messages for tokens and aliases.
    func task(of message: Message, _ platform: Platform, at now: Timestamp, isFinal: Bool) -> VendorTask {
        VendorTask(
            message: message.id, app: message.app, route: UmengVendor.route, platform: platform, id: id ?? "",
            status: status(at: now, isFinal: isFinal))
    }

    private func status(at now: Timestamp, isFinal: Bool) -> VendorTaskStatus {
        VendorTaskStatus(
            result: isSuccess ? "SUCCESS" : "FAIL",
            status: taskState ?? "", response: text, at: now, isFinal: isFinal)
    }

    /// How a task stands; nil if that was not the answer.
    func taskStatus(at now: Timestamp) -> VendorTaskStatus? {
        if isSuccess, let taskState { return status(at: now, isFinal: ["2", "3", "4", "5", "6"].contains(taskState)) }
        // Umeng does not know it any more, or never did.
        return code == 1014 ? status(at: now, isFinal: true) : nil
    }
}
