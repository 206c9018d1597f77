import ApusCore
import NIOHTTP1
import Synchronization

/// Getui's interface for senders, version 2, for one app: authentication, pushes to one client and to lists, reports.
///
/// What becomes of clients is demanded as codes: `successed_offline`, `successed_ignore`, or 20001 for those that are not
/// of the app. Client ids that begin with `offline-`, `ignore-` and `invalid-` have these, if the rules are not changed.
package final class GetuiService: VendorService {
    package let initialRules = [
        VendorRule(prefix: "offline-", .code("successed_offline")),
        VendorRule(prefix: "ignore-", .code("successed_ignore")), VendorRule(prefix: "invalid-", .code("20001")),
    ]

    private struct State {
        var access: GetuiAccess
        var calls: RequestWindow
        /// What was answered to a push with this `request_id`.
        var answers = BoundedTable<String, VendorAnswer>(limit: 10_000)
        var lists = BoundedTable<String, List>(limit: 10_000)
    }

    /// A message for lists, and how many clients it went to.
    private struct List {
        var targets = 0
        var received = 0
    }

    private static let online = "successed_online"
    private static let outcomes = ["successed_offline", "successed_ignore"]
    private static let mostClients = 1000
    private static let mostReports = 200

    private let prefix: [String]
    private let state: Mutex<State>

    /// - Parameters:
    ///   - tokenLifetime: seconds.
    ///   - rate: how many calls are taken a minute.
    package init(
        appID: String, appKey: String, masterSecret: String, tokenLifetime: Int64 = 86_400, rate: Int = 60_000
    ) {
        prefix = ["v2", appID]
        let access = GetuiAccess(appID: appID, appKey: appKey, masterSecret: masterSecret, lifetime: tokenLifetime)
        state = Mutex(State(access: access, calls: RequestWindow(limit: rate, seconds: 60)))
    }

    package func refusal(_ code: String) -> VendorAnswer? {
        if Self.outcomes.contains(code) { return GetuiError.success() }
        return Int(code).flatMap(GetuiError.init)?.answer()
    }

    package func answer(_ request: VendorRequest, _ context: VendorContext) throws(VendorAnswer) -> VendorAnswer {
        let segments = request.segments
        guard segments.first == "v2", segments.count > 2 else { throw GetuiError.notFound.answer() }
        guard segments.starts(with: prefix) else { throw GetuiError.noRight.answer() }
        let path = segments.dropFirst(2).joined(separator: "/")
        let now = context.clock.now
        if path == "auth", request.method == .POST {
            let body = try Self.read(request)
            return try state.withLock { state throws(VendorAnswer) in try state.access.authenticate(body, at: now) }
        }
        if segments[2] == "auth", segments.count == 4, request.method == .DELETE {
            state.withLock { $0.access.revoke(segments[3]) }
            return GetuiError.success()
        }
        try state.withLock { state throws(VendorAnswer) in
            try state.access.check(request.headers.first(name: "token"), at: now)
            guard state.calls.take(at: now) else { throw GetuiError.tooManyCalls.answer() }
        }
        switch (request.method, path) {
        case (.POST, "push/single/cid"): return try pushToOne(request, context)
        case (.POST, "push/list/message"): return try createList(request)
        case (.POST, "push/list/cid"): return try pushToList(request, context)
        case (.GET, _) where path.hasPrefix("report/push/task/") && segments.count == 6: return try report(segments[5])
        case (_, "push/single/cid"), (_, "push/list/message"), (_, "push/list/cid"):
            throw GetuiError.wrongMethod.answer()
        default: throw GetuiError.notFound.answer()
        }
    }

    private static func read(_ request: VendorRequest) throws(VendorAnswer) -> JSONValue {
        guard let body = request.object else {
            throw GetuiError.wrongParameter.answer("the body must be a JSON object")
        }
        return body
    }

    // MARK: Push

    private func pushToOne(_ request: VendorRequest, _ context: VendorContext) throws(VendorAnswer) -> VendorAnswer {
        let body = try Self.read(request)
        let push = try GetuiPush(body)
        let clients = try GetuiPush.clients(body, most: 1)
        // Getui answers as if all were well, and the message is lost.
        if let answer = state.withLock({ $0.answers[push.requestID] }) { return answer }
        let outcomes = try outcomes(for: clients, request, context)
        let id = "RASS_" + RandomToken.hex128()
        context.accept(request, id: id, targets: clients)
        let answer = Self.answer(id, outcomes)
        state.withLock { $0.answers[push.requestID] = answer }
        return answer
    }

    private func createList(_ request: VendorRequest) throws(VendorAnswer) -> VendorAnswer {
        let push = try GetuiPush(try Self.read(request))
        return state.withLock { state in
            if let answer = state.answers[push.requestID] { return answer }
            let id = "RASL_" + RandomToken.hex128()
            state.lists[id] = List()
            let answer = GetuiError.success(.object([.init(name: "taskid", value: .string(id))]))
            state.answers[push.requestID] = answer
            return answer
        }
    }

    private func pushToList(_ request: VendorRequest, _ context: VendorContext) throws(VendorAnswer) -> VendorAnswer {
        let body = try Self.read(request)
        let clients = try GetuiPush.clients(body, most: Self.mostClients)
        guard let id = body["taskid"]?.string, var list = state.withLock({ $0.lists[id] }) else {
            throw GetuiError.wrongParameter.answer("taskid is wrong")
        }
        let outcomes = try outcomes(for: clients, request, context)
        list.targets += outcomes.count
        list.received += outcomes.count { $0.value == .string(Self.online) }
        state.withLock { $0.lists[id] = list }
        context.accept(request, id: id, targets: outcomes.map(\.name))
        return Self.answer(id, body["is_async"]?.bool == true ? [] : outcomes)
    }

    /// What became of each client of the app; others are left out.
    /// - Throws: the refusal if none is of the app, or if another one was demanded.
    private func outcomes(
        for clients: [String], _ request: VendorRequest, _ context: VendorContext
    ) throws(VendorAnswer) -> [JSONValue.Member] {
        let unknown = "\(GetuiError.wrongParameter.rawValue)"
        var outcomes: [JSONValue.Member] = []
        for (client, code) in zip(clients, try context.codes(for: clients, of: request)) where code != unknown {
            if let code, !Self.outcomes.contains(code), let refusal = refusal(code) { throw refusal }
            outcomes.append(.init(name: client, value: .string(code ?? Self.online)))
        }
        guard !outcomes.isEmpty else { throw GetuiError.wrongParameter.answer() }
        return outcomes
    }

    private static func answer(_ id: String, _ outcomes: [JSONValue.Member]) -> VendorAnswer {
        GetuiError.success(.object([.init(name: id, value: .object(outcomes))]))
    }

    // MARK: Reports

    private func report(_ ids: String) throws(VendorAnswer) -> VendorAnswer {
        let ids = ids.split(separator: ",").map(String.init)
        guard ids.count <= Self.mostReports else { throw GetuiError.wrongParameter.answer("taskid size over limit") }
        let lists = state.withLock { state in ids.compactMap { id in state.lists[id].map { (id, $0) } } }
        return GetuiError.success(.object(lists.map { .init(name: $0, value: Self.report($1)) }))
    }

    private static func report(_ list: List) -> JSONValue {
        let counts = [
            ("msg_num", list.targets), ("target_num", list.targets), ("receive_num", list.received),
            ("display_num", list.received), ("click_num", 0),
        ]
        let total = JSONValue.object(counts.map { .init(name: $0, value: .number("\($1)")) })
        return .object([.init(name: "total", value: total)])
    }
}
