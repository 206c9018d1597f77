import ApusCore
import HTTPTypes
import Hummingbird
import NIOCore

/// Where apps want to be told of events, under `/v1/webhooks`.
struct WebhookRoutes: Sendable {
    let apps: AppRegistry
    let webhooks: WebhookBook
    let listeners: EventListeners
    let access: Access

    private static let longestBody = 16 << 10

    func add(to router: Router<APIContext>) {
        router.get("/v1/webhooks") { request, context in try await list(request, context) }
        router.post("/v1/webhooks") { request, context in try await add(request, context) }
        router.get("/v1/webhooks/:id") { request, context in
            let webhook = try await webhook(request, context, .viewer)
            return Response.json { Self.write(webhook, &$0) }
        }
        router.delete("/v1/webhooks/:id") { request, context in
            let (id, caller) = try await webhookToChange(request, context)
            try await webhooks.remove(id, noting: caller.act("webhook.remove", id))
            return Response(status: .noContent)
        }
        router.post("/v1/webhooks/:id/rotate-secret") { request, context in
            let (id, caller) = try await webhookToChange(request, context)
            let secret = try await webhooks.rotateSecret(id, noting: caller.act("webhook.rotate_secret", id))
            return Response.json { object in
                object.member("id", string: id)
                object.member("secret", string: secret)
            }
        }
        router.post("/v1/webhooks/:id/test") { request, context in
            let answer = try await webhooks.test(try await webhook(request, context, .sender).id)
            return Response.json { object in
                object.member("taken", bool: answer == .taken)
                if case .failed(let reason, _) = answer { object.member("reason", string: reason) }
            }
        }
    }

    private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let appID = request.uri.queryParameters["appId"].map(String.init)
        if let appID {
            try access.require(.viewer, request, context, orKeyOf: appID)
        } else {
            try access.require(.viewer, request, context)
        }
        let found = try await webhooks.list(appID: appID)
        return Response.json { $0.member("webhooks", objects: found) { Self.write($0, &$1) } }
    }

    /// The webhook that the path names.
    /// - Parameter role: what somebody without the app's key must be.
    private func webhook(_ request: Request, _ context: APIContext, _ role: Role) async throws -> Webhook {
        try await webhook(request, context, for: try access.requireSomeone(role, request, context))
    }

    private func webhook(_ request: Request, _ context: APIContext, for caller: Caller) async throws -> Webhook {
        let webhook = try await webhooks.webhook(try context.parameters.require("id"))
        guard access.doorkeeper.admits(caller, to: webhook.appID) else { throw ApusError.unknownWebhook }
        return webhook
    }

    /// The same, for those who decide where events go. Whoever has the app's key only sends.
    private func webhookToChange(
        _ request: Request, _ context: APIContext
    ) async throws -> (id: String, by: Caller) {
        let caller = try access.requireBearer(.admin, request, context)
        return (try await webhook(request, context, for: caller).id, caller)
    }

    private func add(_ request: Request, _ context: APIContext) async throws -> Response {
        let caller = try access.caller(request, context)
        let body = try WebhookBody(try await request.body.collect(upTo: Self.longestBody))
        try caller.require(.admin, of: body.appID)
        _ = try listeners.journal
        guard let app = apps[body.appID] else { throw ApusError.unknownApp }
        let (webhook, secret) = try await webhooks.add(to: app, url: body.url, kinds: body.kinds) { webhook in
            caller.act("webhook.create", webhook.id) { $0.member("appId", string: webhook.appID) }
        }
        return Response.json(status: .created) { object in
            Self.write(webhook, &object)
            object.member("secret", string: secret)
        }
    }

    private static func write(_ webhook: Webhook, _ object: inout JSONObjectWriter) {
        object.member("id", string: webhook.id)
        object.member("appId", string: webhook.appID)
        object.member("url", string: webhook.url)
        object.member("states", strings: webhook.kinds.names)
        object.member("createdAt", time: webhook.createdAt)
        object.member("after", string: webhook.progress.after.description)
        object.member("attempts", int: Int64(webhook.progress.attempts))
        object.member("nextAt", time: webhook.progress.attempts > 0 ? webhook.progress.notBefore : nil)
        object.member("problem", string: webhook.progress.problem)
    }
}

/// The body of a new webhook.
private struct WebhookBody {
    private(set) var appID = ""
    private(set) var url = ""
    private(set) var kinds = EventKinds.all

    init(_ body: ByteBuffer) throws(ApusError) {
        var problems = FieldProblems()
        var states: [String]?
        try FieldProblems.eachMember(of: body) { (key, scanner) throws(JSONError) in
            switch key {
            case "appId": appID = try scanner.text("appId", &problems) ?? ""
            case "url": url = try scanner.text("url", &problems, longest: 2048) ?? ""
            case "states": states = try scanner.texts("states", &problems, most: 8)
            default: try scanner.skipValue()
            }
        }
        for (name, value) in [("appId", appID), ("url", url)] where value.isEmpty { problems.missing(name) }
        if states?.isEmpty == true { problems.wrongValue("states", "must name at least one state") }
        try problems.check()
        if let states { kinds = try EventKinds(names: states) }
    }
}
