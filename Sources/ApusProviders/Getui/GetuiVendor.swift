import ApusCore
import NIOCore
import NIOHTTP1

/// Getui, for Android and iOS alike. Requests show a token that Getui gives for a day.
///
/// One client gets its message in one request. For many the message is put down first, and the list of clients follows;
/// Getui then says of each what it did.
struct GetuiVendor: Vendor {
    static let route = Route.getui
    static let batchLimit = 1000

    /// Before its end a token is given up, in seconds.
    private static let margin: Int64 = 600

    private let credential: GetuiCredential
    private let suspects = SuspectTokens(capacity: 10_000)

    init(_ credential: Credential) throws(ApusError) {
        self.credential = try GetuiCredential(credential)
    }

    var name: String { GetuiCredential.name }
    var publicSettings: JSONMembers { credential.publicSettings }
    var platforms: Set<Platform> { [.android, .ios] }
    var requestsPerMinute: Int? { credential.requestsPerMinute }

    func sendsAlone(_ token: String) -> Bool { suspects.contains(token) }

    // MARK: Authentication

    func token(at now: Timestamp) -> VendorStep<Result<AccessToken, VendorRefusal>> {
        guard let request = try? credential.authentication(at: now) else {
            return .finish(.failure(VendorRefusal(.credential(detail: "The endpoint cannot be used."))))
        }
        return .send(request) { result in
            switch result {
            case .success(let answer): .finish(Self.token(GetuiResponse(answer), at: now))
            case .failure(let failure):
                .finish(.failure(VendorRefusal(.failure(failure, of: Self.route).withNothingSent)))
            }
        }
    }

    private static func token(_ response: GetuiResponse, at now: Timestamp) -> Result<AccessToken, VendorRefusal> {
        if response.code == 0, let token = response["token"], let time = response["expire_time"].flatMap({ Int64($0) })
        {
            return .success(AccessToken(token, renewedAt: Timestamp(milliseconds: time).adding(seconds: -margin)))
        }
        let detail =
            "Getui gave no token: \(response.code ?? response.response.status) \(ForeignText.phrase(response.message))."
        switch response.code {
        case 10003, 10005: return .failure(VendorRefusal(.busy(seconds: 60, detail: detail)))
        case nil, 0, 1, 2: return .failure(VendorRefusal(.failing(code: "getui.no_token", detail: detail)))
        default: return .failure(VendorRefusal(.credential(detail: detail)))
        }
    }

    /// Sends a request that shows a token.
    private func authorized<Answer>(
        _ request: OutgoingRequest, isRepeatable: Bool = false,
        then: @escaping @Sendable (Result<GetuiResponse, VendorRefusal>) -> VendorStep<Answer>
    ) -> VendorStep<Answer> {
        .authorized(
            request, for: Self.route, isRepeatable: isRepeatable,
            show: { token, headers in headers.replaceOrAdd(name: "token", value: token) },
            isExpired: { $0.status != 200 && GetuiResponse($0).code == 10001 },
            then: { then($0.map { GetuiResponse($0) }) })
    }

    // MARK: Sending

    func send(_ batch: VendorBatch, at now: Timestamp) throws(ApusError) -> VendorStep<VendorAnswer> {
        let payload = try GetuiPayload(batch.message, for: batch.platform)
        let isSingle = batch.count == 1
        var body = ByteBuffer()
        body.writeJSONObject { object in
            // What Getui has already, it does not take again.
            object.member("request_id", string: batch.digest)
            if isSingle { object.member("audience") { $0.member("cid", strings: batch.tokens) } }
            payload.write(to: &object, at: now)
        }
        let request = try credential.request(isSingle ? "push/single/cid" : "push/list/message", body: body)
        return authorized(request, isRepeatable: true) { result in
            switch result {
            case .failure(let refusal):
                return .finish(isSingle ? refusal.answer : refusal.answer.withNothingSent)
            case .success(let response):
                if let refusal = response.refusal(of: batch, at: now) {
                    return .finish(isSingle ? refusal : refusal.withNothingSent)
                }
                if isSingle { return .finish(response.outcomes(of: batch, suspects: suspects, at: now)) }
                return sendList(response["taskid"], batch, at: now)
            }
        }
    }

    /// The message is put down: now it is for these clients.
    private func sendList(_ taskID: String?, _ batch: VendorBatch, at now: Timestamp) -> VendorStep<VendorAnswer> {
        var body = ByteBuffer()
        body.writeJSONObject { object in
            object.member("audience") { $0.member("cid", strings: batch.tokens) }
            object.member("taskid", string: taskID)
            object.member("is_async", bool: false)
        }
        guard taskID != nil, let request = try? credential.request("push/list/cid", body: body) else {
            return .finish(.failing(code: "getui.no_task", detail: "Getui took a message and did not name it."))
        }
        return authorized(request) { result in
            switch result {
            case .failure(let refusal): return .finish(refusal.answer)
            case .success(let response):
                return .finish(
                    response.refusal(of: batch, at: now)
                        ?? response.outcomes(of: batch, suspects: suspects, at: now))
            }
        }
    }

    // MARK: Jobs

    func status(of task: VendorTask, at now: Timestamp) -> VendorStep<VendorTaskStatus?> {
        guard ReportTimes.isDue(task, at: now),
            let request = try? credential.request("report/push/task/\(task.id)", method: .GET)
        else { return .finish(nil) }
        let isFinal = ReportTimes.isLast(task, at: now)
        return authorized(request) { result in
            guard case .success(let response) = result, let report = response.report else { return .finish(nil) }
            return .finish(
                VendorTaskStatus(
                    result: "SUCCESS", status: "received \(report.received) of \(report.targets)",
                    response: response.text, at: now, isFinal: isFinal || report.received == report.targets))
        }
    }
}
