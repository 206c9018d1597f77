import ApusCore
import Crypto
import NIOCore
import NIOHTTP1
import Synchronization

/// A gateway of one's own: any JSON object, signed with a shared secret, at most once for each idempotency key.
///
/// `X-Signature` is `sha256=` and the HMAC of `X-Timestamp`, a full stop and the body in base 16. The targets are the
/// body's `to`.
final class WebhookGateway: Sendable {
    static let path = "/webhook"

    /// Seconds that a sender's clock may be wrong.
    private static let clockSkew: Int64 = 300

    private enum Refusal: String, CaseIterable {
        case badSignature = "bad_signature"
        case staleTimestamp = "stale_timestamp"
        case badBody = "bad_body"
        case rateLimited = "rate_limited"
        case unavailable
        case rejected

        private var status: Int {
            switch self {
            case .badSignature, .staleTimestamp: 401
            case .badBody: 400
            case .rateLimited: 429
            case .unavailable: 503
            case .rejected: 422
            }
        }

        var answer: VendorAnswer {
            .json(status, code: rawValue) { $0.member("error", string: rawValue) }
        }
    }

    private let secret: String
    /// The id of the message, by idempotency key.
    private let known = Mutex(BoundedTable<String, String>(limit: 10_000))

    init(secret: String) {
        self.secret = secret
    }

    static func refusal(_ code: String) -> VendorAnswer? {
        Refusal(rawValue: code)?.answer
    }

    /// - Returns: the value of `X-Signature`.
    static func sign(timestamp: String, body: some Sequence<UInt8>, secret: String) -> String {
        let code = HMAC<SHA256>.authenticationCode(
            for: Array(timestamp.utf8) + [UInt8(ascii: ".")] + body, using: SymmetricKey(data: Array(secret.utf8)))
        return "sha256=" + Hex.encode(code)
    }

    func send(_ request: VendorRequest, _ context: VendorContext) throws(VendorAnswer) -> VendorAnswer {
        guard request.method == .POST else { return VendorAnswer(status: 405) }
        let timestamp = request.headers.first(name: "x-timestamp") ?? ""
        let signature = Self.sign(timestamp: timestamp, body: request.body.readableBytesView, secret: secret)
        guard request.headers.first(name: "x-signature") == signature else { throw Refusal.badSignature.answer }
        let seconds = context.clock.now.milliseconds / 1000
        guard let sentAt = Int64(timestamp), (seconds - Self.clockSkew...seconds + Self.clockSkew).contains(sentAt)
        else {
            throw Refusal.staleTimestamp.answer
        }
        guard let body = request.object else { throw Refusal.badBody.answer }
        let key = request.headers.first(name: "idempotency-key")
        if let id = key.flatMap({ key in known.withLock { $0[key] } }) { return Self.answer(id, isRepeated: true) }
        let targets = body["to"]?.strings ?? body["to"]?.string.map { [$0] } ?? []
        if let code = try context.codes(for: targets, of: request).compactMap({ $0 }).first,
            let refusal = Self.refusal(code)
        {
            throw refusal
        }
        let id = RandomToken.hex128()
        if let key { known.withLock { $0[key] = id } }
        context.accept(request, id: id, targets: targets)
        return Self.answer(id, isRepeated: false)
    }

    private static func answer(_ id: String, isRepeated: Bool) -> VendorAnswer {
        .json { object in
            object.member("id", string: id)
            object.member("repeated", bool: isRepeated)
        }
    }
}
