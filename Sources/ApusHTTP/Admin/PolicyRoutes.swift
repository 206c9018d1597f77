import ApusCore
import Hummingbird
import NIOCore

/// `GET` and `PUT /v1/apps/{id}/policy`: what is done about an app's messages that reach nobody.
struct PolicyRoutes: Sendable {
    let dispatcher: Dispatcher
    let apps: AppRegistry
    let access: Access

    private static let longestBody = 1 << 20

    func add(to router: Router<APIContext>) {
        router.get("/v1/apps/:id/policy") { request, context in
            let (app, _) = try app(request, context, .viewer)
            return answer(dispatcher.policies[app.number])
        }
        router.put("/v1/apps/:id/policy") { request, context in
            let (app, caller) = try app(request, context, .admin)
            let policy = try Self.policy(in: try await request.body.collect(upTo: Self.longestBody))
            try await dispatcher.setPolicy(policy, of: app.number, noting: caller.act("app.set_policy", app.id))
            return answer(policy)
        }
    }

    private func app(_ request: Request, _ context: APIContext, _ role: Role) throws -> (App, Caller) {
        let id = try context.parameters.require("id")
        let caller = try access.require(role, request, context, of: id)
        guard let app = apps[id] else { throw AppError.unknown }
        return (app, caller)
    }

    /// The whole policy: what is left out is as if it had never been set.
    private static func policy(in body: ByteBuffer) throws(ApusError) -> RoutePolicy {
        var policy = RoutePolicy()
        var problems = FieldProblems()
        try FieldProblems.eachMember(of: body) { (key, scanner) throws(JSONError) in
            let isKnown = try policy.read(key, &scanner) { problems.wrongValue($0, $1) }
            guard !isKnown else { return }
            problems.wrongValue(
                String(key.string.prefix(64)), "is not known; there are fallback, escalate, smsAfter and needConfirm")
            try scanner.skipValue()
        }
        try problems.check()
        return policy
    }

    private func answer(_ policy: RoutePolicy) -> Response {
        var effective = policy
        effective.smsAfter = policy.smsAfter ?? dispatcher.policies.smsAfter
        return Response.json { effective.write(to: &$0) }
    }
}
