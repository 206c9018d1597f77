import ApusCore
import NIOCore
import NIOHTTP1

/// JPush, for Android and iOS alike.
///
/// It does not say which of many devices it did not find. A request without an answer is sent once more with the same
/// `cid`, by which JPush knows that it has it already.
struct JPushVendor: Vendor {
    static let route = Route.jpush
    static let batchLimit = 1000

    private let credential: JPushCredential
    private let strikes = TokenStrikes(capacity: 10_000)

    init(_ credential: Credential) throws(ApusError) {
        self.credential = try JPushCredential(credential)
    }

    var name: String { JPushCredential.name }
    var publicSettings: JSONMembers { credential.publicSettings }
    var platforms: Set<Platform> { [.android, .ios] }
    var requestsPerMinute: Int? { credential.requestsPerMinute }

    func send(_ batch: VendorBatch, at now: Timestamp) throws(ApusError) -> VendorStep<VendorAnswer> {
        let payload = try JPushPayload(batch.message, for: batch.platform)
        var body = ByteBuffer()
        body.writeJSONObject { object in
            object.member("cid", string: "\(credential.appKey)-\(Self.uuid(batch.digest))")
            object.member("platform", strings: [batch.platform == .ios ? "ios" : "android"])
            object.member("audience") { $0.member("registration_id", strings: batch.tokens) }
            payload.write(to: &object, isAPNsProduction: credential.isAPNsProduction, at: now)
        }
        var request = OutgoingRequest(to: try WebAddress("\(credential.endpoint)/v3/push"))
        request.headers = ["authorization": credential.authorization, "content-type": "application/json"]
        request.body = body
        request.isTrusted = true
        return .sendTwice(request) { result in
            switch result {
            case .success(let response):
                .finish(JPushResponse(response).answer(to: batch, strikes: strikes, at: now))
            case .failure(let failure): .finish(.failure(failure, of: Self.route))
            }
        }
    }

    func status(of task: VendorTask, at now: Timestamp) -> VendorStep<VendorTaskStatus?> {
        let url = "\(credential.reportEndpoint)/v3/received/detail?msg_ids=\(task.id)"
        guard ReportTimes.isDue(task, at: now), let address = try? WebAddress(url) else { return .finish(nil) }
        var request = OutgoingRequest(to: address)
        request.method = .GET
        request.headers = ["authorization": credential.authorization]
        request.isTrusted = true
        let isFinal = ReportTimes.isLast(task, at: now)
        return .send(request) { result in
            guard case .success(let response) = result else { return .finish(nil) }
            let report = JPushResponse(response)
            guard let received = report.received() else { return .finish(nil) }
            return .finish(
                VendorTaskStatus(
                    result: "SUCCESS", status: "received \(received)", response: report.text, at: now, isFinal: isFinal)
            )
        }
    }

    /// 32 digits in the form of RFC 9562 §4.
    private static func uuid(_ digits: String) -> String {
        let digits = Array(digits)
        return [digits[0..<8], digits[8..<12], digits[12..<16], digits[16..<20], digits[20...]].map { String($0) }
            .joined(separator: "-")
    }
}
