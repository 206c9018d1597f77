import ApusCore
import Hummingbird
import NIOCore

/// `GET` and `PUT /v1/apps/{id}/retention`: how long an app's messages are kept, and how many.
struct RetentionRoutes: Sendable {
    let dispatcher: Dispatcher
    let apps: AppRegistry
    let access: Access
    /// For apps that say nothing else.
    let standard: Retention

    private static let longestBody = 4096

    func add(to router: Router<APIContext>) {
        router.get("/v1/apps/:id/retention") { request, context in
            let (app, _) = try app(request, context, .viewer)
            return answer(try await dispatcher.query { try $0.retention(of: app.number) })
        }
        router.put("/v1/apps/:id/retention") { request, context in
            let (app, caller) = try app(request, context, .admin)
            let retention = try Self.retention(in: try await request.body.collect(upTo: Self.longestBody))
            let act = caller.act("app.set_retention", app.id) { Self.write(retention, &$0) }
            try await dispatcher.update(noting: { _ in act }) { try $0.setRetention(retention, of: app.number) }
            return answer(retention)
        }
    }

    private func app(_ request: Request, _ context: APIContext, _ role: Role) throws -> (App, Caller) {
        let id = try context.parameters.require("id")
        let caller = try access.require(role, request, context, of: id)
        guard let app = apps[id] else { throw AppError.unknown }
        return (app, caller)
    }

    /// Both limits: one that is left out, or null, is as for other apps.
    private static func retention(in body: ByteBuffer) throws(ApusError) -> AppRetention {
        var retention = AppRetention()
        var problems = FieldProblems()
        try FieldProblems.eachMember(of: body) { (key, scanner) throws(JSONError) in
            switch key {
            case "age": retention.age = try scanner.integer("age", &problems)
            case "count": retention.count = try scanner.integer("count", &problems)
            default:
                problems.wrongValue(String(key.string.prefix(64)), "is not known; there are age and count")
                try scanner.skipValue()
            }
        }
        let (ages, counts) = (AppRetention.ages, AppRetention.counts)
        if let age = retention.age, !ages.contains(age) {
            problems.wrongValue("age", "must be \(ages.lowerBound) to \(ages.upperBound) seconds")
        }
        if let count = retention.count, !counts.contains(count) {
            problems.wrongValue("count", "must be \(counts.lowerBound) to \(counts.upperBound) messages")
        }
        try problems.check()
        return retention
    }

    private func answer(_ retention: AppRetention) -> Response {
        Response.json { object in
            Self.write(retention, &object)
            object.member("default") { Self.write(AppRetention(age: standard.age, count: standard.count), &$0) }
        }
    }

    private static func write(_ retention: AppRetention, _ object: inout JSONObjectWriter) {
        object.member("age", int: retention.age)
        object.member("count", int: retention.count)
    }
}
