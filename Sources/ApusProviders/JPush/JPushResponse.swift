import ApusCore
import NIOCore
import NIOHTTP1

/// An answer of JPush: `msg_id`, or an `error` with its code and message.
struct JPushResponse {
    /// What an error means for a message.
    enum Meaning: Equatable {
        case credential
        case busy
        case failing
        /// None of the devices was found.
        case noDevice
        /// A value is wrong, as a rule a registration id.
        case value
        case message

        init(code: Int) {
            switch code {
            case 1004, 1008, 1020, 2003...2007: self = .credential
            case 2002: self = .busy
            case 1000, 1030: self = .failing
            case 1011: self = .noDevice
            case 1003: self = .value
            default: self = .message
            }
        }
    }

    let id: String?
    private(set) var code = 0
    private let message: String?
    private let response: OutgoingResponse
    let text: String

    init(_ response: OutgoingResponse) {
        self.response = response
        text = String(String(buffer: response.body).prefix(4096))
        var id: String?
        var error = JSONMembers()
        try? JSONScanner.withObject(in: response.body) { scanner in
            while let key = try scanner.nextKey() {
                switch (key, try scanner.kind()) {
                case ("msg_id", .string): id = try scanner.string()
                case ("msg_id", .number): id = String(try scanner.int())
                case ("error", .object): error = try JSONMembers(ByteBuffer(string: try scanner.rawValue()))
                default: try scanner.skipValue()
                }
            }
        }
        code = error["code"].flatMap { Int($0) } ?? 0
        message = error["message"]
        self.id = id
    }

    func answer(to batch: VendorBatch, strikes: TokenStrikes, at now: Timestamp) -> VendorAnswer {
        if response.status == 200, code == 0, let id {
            strikes.clear(batch.tokens)
            let status = VendorTaskStatus(result: "SUCCESS", status: "", response: text, at: now, isFinal: false)
            let task = VendorTask(
                message: batch.message.id, app: batch.message.app, route: JPushVendor.route, platform: batch.platform,
                id: id, status: status)
            return .all(batch, .accepted, code: "jpush.accepted", detail: "JPush accepted it as \(id).", task: task)
        }
        guard code != 0 else { return .unreadable(response, of: JPushVendor.route, at: now) }
        let name = "jpush.\(code)"
        let detail = "JPush answered \(code): \(ForeignText.phrase(message ?? "nothing more"))."
        switch Meaning(code: code) {
        case .credential: return .credential(detail: detail)
        case .busy: return .busy(seconds: secondsToWait(at: now), detail: detail)
        case .failing: return .failing(code: name, detail: detail)
        case .message: return .all(batch, .refused, code: name, detail: detail)
        case .value where batch.count > 1:
            return .split(VendorOutcome(.refused, code: name, detail: detail))
        case .noDevice, .value:
            return .settled(
                batch.tokens.map { token in
                    let isDead = strikes.strike(token)
                    return VendorOutcome(isDead ? .tokenDead(since: nil) : .refused, code: name, detail: detail)
                })
        }
    }

    /// Until more requests may be sent.
    private func secondsToWait(at now: Timestamp) -> Int64? {
        response.headers.first(name: "x-rate-limit-reset").flatMap { Int64($0) }
            ?? response.headers.first(name: "retry-after").flatMap { RetryAfter.seconds($0, at: now) }
    }

    /// How many devices have the message, from the report that this is; nil if it is none.
    func received() -> Int64? {
        var isReport = false
        var received: Int64 = 0
        try? JSONScanner.withValue(in: response.body) { scanner in
            try scanner.beginArray()
            while try scanner.nextElement() {
                isReport = true
                try scanner.beginObject()
                while let key = try scanner.nextKey() {
                    let isCount = ["jpush_received", "android_pns_received", "ios_apns_received", "ios_msg_received"]
                        .contains(key.string)
                    if isCount, try scanner.kind() == .number {
                        received += try scanner.int()
                    } else {
                        try scanner.skipValue()
                    }
                }
            }
        }
        return response.status == 200 && isReport ? received : nil
    }
}
