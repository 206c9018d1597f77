import ApusCore
import NIOCore
import NIOHTTP1

/// U-Push of Umeng: `/api/send`, `/api/status`, `/api/cancel` and `/upload`.
///
/// Requests must be signed for the URL that the `Host` header names, with `http`. Tokens that begin with `40144014` or
/// `40204020` are refused with these codes, if the rules are not changed.
package final class UmengService: VendorService {
    package let bodyLimit = 11 * 1024 * 1024
    package let initialRules = [
        VendorRule(prefix: "40144014", .code("4014")), VendorRule(prefix: "40204020", .code("4020")),
    ]

    /// Milliseconds that a sender's clock may be wrong.
    private static let clockSkew: Int64 = 600_000

    private let apps: [String: UmengApp]
    private let tasks: UmengTasks

    /// - Parameters:
    ///   - taskStep: seconds in which a task goes from queued to sending, and on to done; nil if each question for its
    ///     status is such a step.
    ///   - audience: how many devices broadcasts and filters find.
    package init(apps: [UmengApp], taskStep: Int64? = nil, audience: Int = 100) {
        self.apps = Dictionary(apps.map { ($0.appKey, $0) }) { _, last in last }
        tasks = UmengTasks(pace: taskStep.map { .every($0 * 1000) } ?? .perQuestion, audience: audience)
    }

    package func refusal(_ code: String) -> VendorAnswer? {
        guard let code = Int(code), UmengError.messages[code] != nil else { return nil }
        return UmengError.answer(code)
    }

    package func answer(_ request: VendorRequest, _ context: VendorContext) throws(VendorAnswer) -> VendorAnswer {
        guard request.method == .POST else { return VendorAnswer(status: 405) }
        let now = context.clock.now
        switch request.path {
        case "/api/send":
            let (body, app) = try read(request, at: now)
            return try send(body, app, request, context)
        case "/api/status":
            let (body, _) = try read(request, at: now)
            return try tasks.status(of: Self.taskID(body), at: now)
        case "/api/cancel":
            let (body, _) = try read(request, at: now)
            return try tasks.cancel(Self.taskID(body), at: now)
        case "/upload":
            let (body, _) = try read(request, at: now)
            return try tasks.upload(body["content"]?.string)
        default: return VendorAnswer(status: 404)
        }
    }

    private static func taskID(_ body: JSONValue) throws(VendorAnswer) -> String {
        guard let id = body["task_id"]?.string else { throw UmengError.answer(2053) }
        return id
    }

    // MARK: Authentication

    private func read(
        _ request: VendorRequest, at now: Timestamp
    ) throws(VendorAnswer) -> (body: JSONValue, app: UmengApp) {
        guard let body = request.object else { throw UmengError.answer(2008) }
        guard let appKey = body["appkey"]?.string else { throw UmengError.answer(1000) }
        guard let app = apps[appKey] else { throw UmengError.answer(2021) }
        guard let sign = request.queryFields["sign"] else { throw UmengError.answer(2007) }
        let expected = UmengSignature.sign(
            method: "POST", url: "http://\(request.headers.first(name: "host") ?? "")\(request.path)",
            body: request.body.readableBytesView, secret: app.masterSecret)
        guard sign == expected else { throw UmengError.answer(2027) }
        guard let timestamp = body["timestamp"]?.text else { throw UmengError.answer(2052) }
        guard let time = Int64(timestamp), timestamp.utf8.count == 10 || timestamp.utf8.count == 13 else {
            throw UmengError.answer(2036)
        }
        let sentAt = Timestamp(milliseconds: timestamp.utf8.count == 13 ? time : time * 1000)
        guard sentAt.isWithin(milliseconds: Self.clockSkew, of: now) else { throw UmengError.answer(2028) }
        return (body, app)
    }

    // MARK: Sending

    private func send(
        _ body: JSONValue, _ app: UmengApp, _ request: VendorRequest, _ context: VendorContext
    ) throws(VendorAnswer) -> VendorAnswer {
        let audience = try UmengAudience(body)
        try UmengPayloadRules.check(body["payload"], app.platform)
        let now = context.clock.now
        let policy = try UmengPolicy(body["policy"], isTask: audience.isTask, at: now)
        guard case .targets(let targets, let areTokens, let prefix) = audience else {
            let (id, isNew) = try tasks.add(for: audience, app, policy, at: now)
            if isNew { context.accept(request, id: id, targets: []) }
            return Self.success("task_id", id)
        }
        let codes = try context.codes(for: targets, of: request)
        var refused: [Int] = []
        var good: [String] = []
        for (target, demanded) in zip(targets, codes) {
            if let code = demanded.flatMap({ Int($0) }) ?? (areTokens ? problem(with: target, app.platform) : nil) {
                refused.append(code)
            } else {
                good.append(target)
            }
        }
        if good.isEmpty, let first = refused.first { throw UmengError.answer(targets.count == 1 ? first : 4025) }
        let id = prefix + RandomToken.hex128().prefix(20)
        context.accept(request, id: id, targets: good)
        if !refused.isEmpty { throw UmengError.answer(4026) }
        return Self.success("msg_id", id)
    }

    /// Why a token cannot be one of the app's.
    private func problem(with token: String, _ platform: UmengApp.Platform) -> Int? {
        if platform.isToken(token) { return nil }
        let other: UmengApp.Platform = platform == .ios ? .android : .ios
        return other.isToken(token) ? 4014 : 4020
    }

    static func success(_ name: StaticString, _ value: String) -> VendorAnswer {
        .json { object in
            object.member("ret", string: "SUCCESS")
            object.member("data", object: { $0.member(name, string: value) })
        }
    }
}
