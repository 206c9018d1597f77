import ApusCore
import NIOCore
import NIOHTTP1

/// U-Push of Umeng. Android and iOS are apps of their own there, so an app has up to two credentials, `android` and
/// `ios`.
///
/// Messages for devices go as `unicast` and `listcast`. Umeng tells nothing of these once it took them, and a listcast
/// that failed for some devices does not say for which: they are sent alone from then on, until the dead ones are found.
struct UmengVendor: Vendor {
    static let route = Route.umeng
    static let batchLimit = 500

    private let credential: UmengCredential
    private let suspects = SuspectTokens(capacity: 10_000)

    init(_ credential: Credential) throws(ApusError) {
        self.credential = try UmengCredential(credential)
    }

    var name: String { credential.name }
    var publicSettings: JSONMembers { credential.publicSettings }
    var platforms: Set<Platform> { [credential.platform] }
    var requestsPerMinute: Int? { credential.requestsPerMinute }

    func sendsAlone(_ token: String) -> Bool { suspects.contains(token) }

    func send(_ batch: VendorBatch, at now: Timestamp) throws(ApusError) -> VendorStep<VendorAnswer> {
        let payload = try UmengPayload(batch.message, for: credential)
        let request = try self.request("/api/send", at: now) { body in
            body.member("type", string: batch.count == 1 ? "unicast" : "listcast")
            body.member("device_tokens", string: batch.tokens.joined(separator: ","))
            payload.write(to: &body, at: now)
        }
        return .send(request) { result in
            switch result {
            case .success(let response):
                let parsed = UmengResponse(response)
                if parsed.code == 4026 { suspects.insert(batch.tokens) } else { suspects.remove(batch.tokens) }
                return .finish(parsed.answer(to: batch, at: now))
            case .failure(let failure): return .finish(.failure(failure, of: Self.route))
            }
        }
    }

    func status(of task: VendorTask, at now: Timestamp) -> VendorStep<VendorTaskStatus?> {
        guard let request = try? taskRequest("/api/status", task.id, at: now) else { return .finish(nil) }
        return .send(request) { result in
            guard case .success(let response) = result else { return .finish(nil) }
            return .finish(UmengResponse(response).taskStatus(at: now))
        }
    }

    // MARK: Jobs

    func send(
        _ message: Message, to audience: JobAudience, at now: Timestamp
    ) throws(ApusError) -> OutgoingRequest {
        let payload = try UmengPayload(message, for: credential)
        return try request("/api/send", at: now) { body in
            switch audience {
            case .everyone:
                body.member("type", string: "broadcast")
            case .filter(let filter):
                body.member("type", string: "groupcast")
                body.member("filter", raw: filter)
            case .aliases(let aliases, let type):
                body.member("type", string: "customizedcast")
                body.member("alias_type", string: type)
                body.member("alias", string: aliases.joined(separator: ","))
            }
            payload.write(to: &body, at: now, businessNumber: audience.isTask ? message.id.description : nil)
        }
    }

    func cancel(_ taskID: String, at now: Timestamp) throws(ApusError) -> OutgoingRequest {
        try taskRequest("/api/cancel", taskID, at: now)
    }

    private func taskRequest(_ path: String, _ taskID: String, at now: Timestamp) throws(ApusError) -> OutgoingRequest {
        try request(path, at: now) { $0.member("task_id", string: taskID) }
    }

    /// A signed request.
    private func request(
        _ path: String, at now: Timestamp, _ write: (inout JSONObjectWriter) -> Void
    ) throws(ApusError) -> OutgoingRequest {
        var body = ByteBuffer()
        body.writeJSONObject { object in
            object.member("appkey", string: credential.appKey)
            object.member("timestamp", int: now.milliseconds / 1000)
            write(&object)
        }
        let url = try WebAddress(credential.endpoint + path).text
        let sign = credential.sign(url: url, body: body.readableBytesView)
        var request = OutgoingRequest(to: try WebAddress("\(url)?sign=\(sign)"))
        request.headers = ["content-type": "application/json"]
        request.body = body
        request.isTrusted = true
        request.timeLimit = .seconds(60)
        request.bodyLimit = 4096
        return request
    }
}
