import ApusCore
import HTTPTypes
import Hummingbird
import NIOCore

/// Messages whose devices Umeng finds by itself, under `/v1/umeng/jobs`.
struct UmengRoutes: Sendable {
    let desk: JobDesk
    let apps: AppRegistry
    let access: Access
    let limits: Reloadable<HTTPServerContext.Limits>

    func add(to router: Router<APIContext>) {
        router.post("/v1/umeng/jobs") { request, context in try await send(request, context) }
        router.get("/v1/umeng/jobs/:message") { request, context in
            Self.answer(try await desk.asked(try await task(.viewer, request, context).task))
        }
        router.delete("/v1/umeng/jobs/:message") { request, context in
            let (task, caller) = try await task(.sender, request, context)
            let act = caller.act("umeng_job.cancel", task.message.description)
            return Self.answer(try await desk.cancel(task, noting: act))
        }
    }

    private func send(_ request: Request, _ context: APIContext) async throws -> Response {
        let caller = try access.caller(request, context)
        let body = try UmengJobBody(try await request.body.collect(upTo: limits.body))
        let (appID, audience, platform) = try body.required
        try caller.require(.sender, of: appID)
        guard let app = apps[appID] else { throw ApusError.unknownApp }
        var push = body.request(for: app, limits: limits.send)
        push.origin = caller.origin
        return Self.answer(try await desk.send(push, to: audience, on: platform))
    }

    /// The job that the path names.
    private func task(_ role: Role, _ request: Request, _ context: APIContext) async throws -> (
        task: VendorTask, caller: Caller
    ) {
        let caller = try access.requireBearer(role, request, context)
        let message = MessageID(Int64(try context.parameters.require("message")) ?? 0)
        let task = try await desk.job(of: message)
        guard let app = apps[task.app], access.doorkeeper.admits(caller, to: app.id) else { throw ApusError.unknownJob }
        return (task, caller)
    }

    private static func answer(_ task: VendorTask) -> Response {
        Response.json { object in
            object.member("messageId", string: task.message.description)
            object.member("taskId", string: task.id)
            object.member("platform", string: task.platform.name)
            object.member("result", string: task.status.result)
            object.member("status", string: task.status.status)
            object.member("response", string: task.status.response)
            object.member("final", bool: task.status.isFinal)
            object.member("at", time: task.status.at)
        }
    }
}

/// The body of `POST /v1/umeng/jobs`.
struct UmengJobBody {
    private var appID: String?
    private var type: String?
    private var platformName: String?
    private var filter: String?
    private var aliasType: String?
    private var aliases: [String]?
    private var title: String?
    private var alert: String?
    private var uri: String?
    private var extra: String?
    private var duration: Int64?
    private var requestID: String?
    private var problems = FieldProblems()

    private static let mostAliases = 500

    init(_ body: ByteBuffer) throws(ApusError) {
        try FieldProblems.eachMember(of: body) { (key, scanner) throws(JSONError) in
            switch key {
            case "appId": appID = try scanner.text("appId", &problems)
            case "type": type = try scanner.text("type", &problems)
            case "platform": platformName = try scanner.text("platform", &problems)
            case "filter": filter = try scanner.json()
            case "aliasType": aliasType = try scanner.text("aliasType", &problems)
            case "aliases": aliases = try scanner.texts("aliases", &problems, most: Self.mostAliases)
            case "title": title = try scanner.text("title", &problems)
            case "alert": alert = try scanner.text("alert", &problems, longest: 4096)
            case "uri": uri = try scanner.text("uri", &problems, longest: 4096)
            case "extra": extra = try scanner.json()
            case "duration": duration = try scanner.integer("duration", &problems)
            case "requestId": requestID = try scanner.text("requestId", &problems)
            default: try scanner.skipValue()
            }
        }
    }

    /// - Throws: an error that names all that is wrong.
    var required: (appID: String, JobAudience, Platform) {
        get throws(ApusError) {
            var problems = problems
            for (field, value) in [("appId", appID), ("alert", alert)] where (value ?? "").isEmpty {
                problems.missing(field)
            }
            let platform = platformName.flatMap { Platform(name: $0.uppercased()) }
            if platform != .android, platform != .ios { problems.wrongValue("platform", "must be ANDROID or IOS") }
            if let duration, duration <= 0 { problems.wrongValue("duration", "must be above 0") }
            var audience = JobAudience.everyone
            switch type {
            case "broadcast": break
            case "groupcast":
                if filter == nil { problems.missing("filter") }
                audience = .filter(filter ?? "")
            case "customizedcast":
                if aliases == nil { problems.missing("aliases") }
                if (aliasType ?? "").isEmpty { problems.missing("aliasType") }
                audience = .aliases(aliases ?? [], type: aliasType ?? "")
            default: problems.wrongValue("type", "must be broadcast, groupcast or customizedcast")
            }
            try problems.check()
            return (appID ?? "", audience, platform ?? .android)
        }
    }

    func request(for app: App, limits: SendLimits) -> PushRequest {
        PushRequest(
            app: app.number, appID: app.id, audience: Audience(.device, []),
            content: MessageContent(title: title, alert: alert ?? "", uri: uri, extra: extra),
            timeToLive: duration ?? limits.defaultTimeToLive, idempotencyKey: requestID)
    }
}
