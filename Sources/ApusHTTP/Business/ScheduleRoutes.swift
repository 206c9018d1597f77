import ApusCore
import HTTPTypes
import Hummingbird
import NIOCore

/// Notifications at chosen times, under `/v1/schedules`. An app's key is for its own, a token for all.
struct ScheduleRoutes: Sendable {
    let dispatcher: Dispatcher
    let apps: AppRegistry
    let access: Access
    let business: BusinessAccess
    let centre: MessageCentre
    let limits: Reloadable<HTTPServerContext.Limits>

    func add(to router: Router<APIContext>) {
        router.post("/v1/schedules") { request, context in try await create(request, context) }
        router.get("/v1/schedules") { request, context in try await list(request, context) }
        router.get("/v1/schedules/:id") { request, context in
            let (schedule, _) = try await find(request, context, .viewer)
            let row = try await row(of: schedule)
            return Response.json { Self.write(schedule, row, &$0) }
        }
        router.delete("/v1/schedules/:id") { request, context in
            try await cancel(request, context)
        }
    }

    private func create(_ request: Request, _ context: APIContext) async throws -> Response {
        let caller = try access.requireSomeone(.sender, request, context)
        let body = try ScheduleBody(try await request.body.collect(upTo: limits.body))
        let app = try (caller.appID ?? body.appID).map { try named($0) } ?? business.configuredApp()
        try caller.require(.sender, of: app.id)
        let made = try body.schedule(for: app, at: dispatcher.clock.now)
        let id = try await dispatcher.update(
            noting: { id in caller.act("schedule.create", String(id)) { $0.member("appId", string: app.id) } }
        ) { try $0.insertSchedule(made) }
        centre.wake()
        var schedule = made
        schedule.id = id
        let created = schedule
        return Response.json(status: .created) { Self.write(created, nil, &$0) }
    }

    private func named(_ appID: String) throws(ApusError) -> App {
        guard let app = apps[appID] else { throw .unknownApp }
        return app
    }

    private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let caller = try access.requireSomeone(.viewer, request, context)
        let app = try caller.appID.map { try named($0) }
        let page = try BusinessPage(request)
        let found = try await dispatcher.query {
            try $0.schedules(of: app?.number, before: page.before, limit: page.limit)
        }
        return Response.json { object in
            object.member("schedules", objects: found) { Self.write($0, nil, &$1) }
            object.member("next", int: found.count == page.limit ? found.last?.id : nil)
        }
    }

    /// The schedule that the path names.
    private func find(_ request: Request, _ context: APIContext, _ role: Role) async throws -> (
        Schedule, Caller
    ) {
        let caller = try access.requireSomeone(role, request, context)
        let id = Int64(try context.parameters.require("id")) ?? 0
        guard let schedule = try await dispatcher.query({ try $0.schedule(id) }),
            access.doorkeeper.admits(caller, to: schedule.appID)
        else { throw Self.unknown }
        return (schedule, caller)
    }

    private static let unknown = ApusError(
        .notFound, code: "unknown_schedule", "There is no schedule with this id.")

    private func row(of schedule: Schedule) async throws -> CentreRow? {
        guard let id = schedule.lastRow else { return nil }
        return try await dispatcher.query { try $0.centreRow(id) }
    }

    private func cancel(_ request: Request, _ context: APIContext) async throws -> Response {
        let (found, caller) = try await find(request, context, .sender)
        let id = found.id
        try await dispatcher.update(noting: { _ in caller.act("schedule.cancel", String(id)) }) { transaction in
            guard var schedule = try transaction.schedule(id) else { throw Self.unknown }
            guard schedule.state == .waiting else {
                throw ApusError(
                    .conflict, code: "schedule_over", "The schedule is \(schedule.state.rawValue) already.")
            }
            schedule.state = .cancelled
            schedule.next = nil
            try transaction.update(schedule)
        }
        return Response(status: .noContent)
    }

    /// - Parameter row: the row that it made last.
    private static func write(_ schedule: Schedule, _ row: CentreRow?, _ object: inout JSONObjectWriter) {
        object.member("id", int: schedule.id)
        object.member("appId", string: schedule.appID)
        object.member("state", string: schedule.state.rawValue)
        object.member("next", time: schedule.next)
        object.member("cron", string: schedule.cron)
        object.member("timeZone", string: schedule.timeZone)
        object.member("mode", string: schedule.row.mode)
        object.member("level", int: schedule.row.level)
        object.member("receivers", string: schedule.row.receivers)
        object.member("title", string: schedule.row.title)
        object.member("content", string: schedule.row.content)
        object.member("extra", raw: schedule.row.extra)
        object.member("createdAt", time: schedule.createdAt)
        object.member("lastRow", int: schedule.lastRow)
        guard let row else { return }
        object.member("last") { last in
            last.member("send_state", int: row.state.rawValue)
            last.member("send_result", string: row.result)
            last.member("remark", string: row.remark)
        }
    }
}

/// Which part of a list is asked for that has the latest first: `?limit=` and `?before=`, the `next` of the page before.
struct BusinessPage {
    let limit: Int
    let before: Int64?

    init(_ request: Request) throws(ApusError) {
        limit = try Page.limit(request)
        let text = request.uri.queryParameters["before"]
        before = text.flatMap { Int64($0) }
        guard text == nil || before != nil else {
            throw ApusError(.invalid, code: "invalid_request", "before must be the `next` of the page before;")
        }
    }
}
