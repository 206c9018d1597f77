import ApusCore
import NIOCore
import NIOHTTP1
import Synchronization

/// JPush's interface for senders, version 3, and its reports, for one app.
///
/// Registration ids that begin with `1011-` are of devices that are gone, those with `1003-` are invalid, if the rules
/// are not changed.
package final class JPushService: VendorService {
    package let initialRules = [VendorRule(prefix: "1011-", .code("1011")), VendorRule(prefix: "1003-", .code("1003"))]

    private struct State {
        var window: RequestWindow
        var lastMessageID: Int64 = 1_828_256_756
        var messages = BoundedTable<String, Message>(limit: 10_000)
        /// What was answered to a push with this `cid`.
        var answers = BoundedTable<String, VendorAnswer>(limit: 10_000)
    }

    private struct Message {
        /// nil for everyone.
        let reached: [String]?
        var reachedCount: Int64 { reached.map { Int64($0.count) } ?? 1 }
    }

    private static let mostReports = 100

    private let appKey: String
    private let masterSecret: String
    private let state: Mutex<State>

    /// - Parameter rate: how many pushes are taken a minute.
    package init(appKey: String, masterSecret: String, rate: Int = 600) {
        self.appKey = appKey
        self.masterSecret = masterSecret
        state = Mutex(State(window: RequestWindow(limit: rate, seconds: 60)))
    }

    package func refusal(_ code: String) -> VendorAnswer? {
        Int(code).flatMap(JPushError.init)?.answer()
    }

    package func answer(_ request: VendorRequest, _ context: VendorContext) throws(VendorAnswer) -> VendorAnswer {
        guard let credentials = request.basicCredentials, credentials == (appKey, masterSecret) else {
            throw JPushError.wrongCredentials.answer()
        }
        switch (request.method, request.path) {
        case (.POST, "/v3/push"): return try push(request, context)
        case (.POST, "/v3/push/validate"):
            let (_, audience) = try Self.read(request)
            _ = try reached(audience, request, context)
            return Self.success(number: "0", id: "0")
        case (.GET, "/v3/push/cid"): return try makeIDs(request)
        case (.GET, "/v3/received/detail"), (.GET, "/v3/report/received/detail"): return try report(request)
        case (.POST, "/v3/status/message"), (.POST, "/v3/report/status/message"): return try deviceStates(request)
        case (_, "/v3/push"), (_, "/v3/push/validate"): throw JPushError.wrongMethod.answer()
        default: return VendorAnswer(status: 404)
        }
    }

    // MARK: Push

    private func push(_ request: VendorRequest, _ context: VendorContext) throws(VendorAnswer) -> VendorAnswer {
        let now = context.clock.now
        let isTaken = state.withLock { $0.window.take(at: now) }
        var answer: VendorAnswer
        do throws(VendorAnswer) {
            answer = isTaken ? try pushWithinLimits(request, context) : JPushError.tooManyRequests.answer()
        } catch {
            answer = error
        }
        let window = state.withLock { $0.window }
        // The documentation has the first name, JPush's own clients read the second.
        for name in ["X-Rate-Limit-Quota", "X-Rate-Limit-Limit"] {
            answer.headers.add(name: name, value: "\(window.limit)")
        }
        answer.headers.add(name: "X-Rate-Limit-Remaining", value: "\(window.remaining)")
        answer.headers.add(name: "X-Rate-Limit-Reset", value: "\(window.secondsLeft(at: now))")
        return answer
    }

    private func pushWithinLimits(_ request: VendorRequest, _ context: VendorContext) throws(VendorAnswer)
        -> VendorAnswer
    {
        let (push, audience) = try Self.read(request)
        let cid = push["cid"]?.string
        if let cid {
            guard cid.hasPrefix("\(appKey)-") else { throw JPushError.invalid.answer("cid is not one of this app") }
            if let answer = state.withLock({ $0.answers[cid] }) { return answer }
        }
        let reached = try reached(audience, request, context)
        let id = state.withLock { state in
            state.lastMessageID += 1
            let id = "\(state.lastMessageID)"
            state.messages[id] = Message(reached: reached)
            return id
        }
        context.accept(request, id: id, targets: reached ?? [])
        let answer = Self.success(number: push["options"]?["sendno"]?.text ?? "0", id: id)
        if let cid { state.withLock { $0.answers[cid] = answer } }
        return answer
    }

    private static func read(_ request: VendorRequest) throws(VendorAnswer) -> (
        push: JSONValue, audience: JPushAudience
    ) {
        guard let push = request.object else { throw JPushError.invalid.answer("the body must be a JSON object") }
        try JPushRules.check(push)
        return (push, try JPushAudience(push["audience"]))
    }

    /// The devices of the audience that there are; nil for everyone.
    /// - Throws: the refusal if there is none, or if one was demanded.
    private func reached(
        _ audience: JPushAudience, _ request: VendorRequest, _ context: VendorContext
    ) throws(VendorAnswer) -> [String]? {
        guard let ids = audience.registrationIDs else { return nil }
        let codes = try context.codes(for: ids, of: request)
        let gone = "\(JPushError.noTarget.rawValue)"
        if let code = codes.compactMap({ $0 }).first(where: { $0 != gone }), let refusal = refusal(code) {
            throw refusal
        }
        let reached = zip(ids, codes).filter { $1 == nil }.map(\.0)
        guard !reached.isEmpty else { throw JPushError.noTarget.answer() }
        return reached
    }

    /// JPush writes both as strings, as its clients expect.
    private static func success(number: String, id: String) -> VendorAnswer {
        .json { object in
            object.member("sendno", string: number)
            object.member("msg_id", string: id)
        }
    }

    private func makeIDs(_ request: VendorRequest) throws(VendorAnswer) -> VendorAnswer {
        guard let count = Int(request.queryFields["count"] ?? "1"), (1...1000).contains(count) else {
            throw JPushError.invalid.answer("count must be from 1 to 1000")
        }
        let ids = (0..<count).map { _ in "\(appKey)-\(UniqueID.make().lowercased())" }
        return .json { $0.member("cidlist", strings: ids) }
    }

    // MARK: Reports

    private func report(_ request: VendorRequest) throws(VendorAnswer) -> VendorAnswer {
        let ids = (request.queryFields["msg_ids"] ?? "").split(separator: ",").map(String.init)
        guard (1...Self.mostReports).contains(ids.count), ids.allSatisfy({ Int64($0) != nil }) else {
            throw JPushError.invalid.answer("msg_ids must have 1 to \(Self.mostReports) numbers")
        }
        let counts = state.withLock { state in ids.map { state.messages[$0]?.reachedCount } }
        var answer = VendorAnswer(status: 200, headers: ["content-type": "application/json"])
        answer.body.writeJSONArray(zip(ids, counts)) { entry, buffer in
            buffer.writeJSONObject { object in
                object.member("msg_id", string: entry.0)
                object.member("jpush_received", raw: entry.1.map(String.init) ?? "null")
                object.member("android_pns_sent", raw: "null")
                object.member("android_pns_received", raw: "null")
                object.member("ios_apns_sent", raw: "null")
                object.member("ios_apns_received", raw: "null")
                object.member("ios_msg_received", raw: "null")
                object.member("wp_mpns_sent", raw: "null")
            }
        }
        return answer
    }

    /// 0 for those that were reached, 3 for those that were not meant.
    private func deviceStates(_ request: VendorRequest) throws(VendorAnswer) -> VendorAnswer {
        guard let body = request.object, let id = body["msg_id"]?.int, let devices = body["registration_ids"]?.strings,
            (1...1000).contains(devices.count)
        else { throw JPushError.invalid.answer("msg_id and up to 1000 registration_ids are needed") }
        guard let message = state.withLock({ $0.messages["\(id)"] }) else {
            throw JPushError.invalid.answer("there is no such message")
        }
        let states = devices.map { device in
            let isReached = message.reached?.contains(device) ?? true
            return JSONValue.Member(
                name: device, value: .object([.init(name: "status", value: .number(isReached ? "0" : "3"))]))
        }
        return VendorAnswer(.object(states))
    }
}
