import ApusCore
import HTTPTypes
import Hummingbird

/// What could not be delivered, under `/v1/dead-letters`: seen, tried again or given up.
struct DeadLetterRoutes: Sendable {
    let dispatcher: Dispatcher
    let access: Access
    let centre: MessageCentre
    let webhooks: WebhookBook

    func add(to router: Router<APIContext>) {
        router.get("/v1/dead-letters") { request, context in try await list(request, context) }
        router.post("/v1/dead-letters/:id/replay") { request, context in
            let caller = try access.require(.sender, request, context)
            let id = Int64(try context.parameters.require("id")) ?? 0
            let letter = try await replay(id, noting: caller.act("dead_letter.replay", String(id)))
            return Response.json { Self.write(letter, &$0) }
        }
        router.delete("/v1/dead-letters/:id") { request, context in
            let caller = try access.require(.sender, request, context)
            let id = Int64(try context.parameters.require("id")) ?? 0
            let act = caller.act("dead_letter.drop", String(id))
            let dropped = try await dispatcher.update(noting: { $0 == nil ? nil : act }) {
                try $0.removeDeadLetter(id)
            }
            guard dropped != nil else { throw ApusError.unknownDeadLetter }
            return Response(status: .noContent)
        }
    }

    private func replay(_ id: Int64, noting act: AuditAct) async throws -> DeadLetter {
        guard let letter = try await dispatcher.query({ try $0.deadLetter(id) }), letter.post != nil else {
            return try await centre.replay(id, noting: act)
        }
        try await webhooks.replay(letter, noting: act)
        return letter
    }

    private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        try access.require(.viewer, request, context)
        let page = try BusinessPage(request)
        let found = try await dispatcher.query { try $0.deadLetters(before: page.before, limit: page.limit) }
        return Response.json { object in
            object.member("deadLetters", objects: found) { Self.write($0, &$1) }
            object.member("next", int: found.count == page.limit ? found.last?.id : nil)
        }
    }

    private static func write(_ letter: DeadLetter, _ object: inout JSONObjectWriter) {
        object.member("id", int: letter.id)
        object.member("row", int: letter.post == nil ? letter.row : nil)
        object.member("webhook", string: letter.post?.webhook)
        object.member("mode", string: letter.mode)
        object.member("title", string: letter.title)
        object.member("user_num", string: letter.userNumber)
        object.member("reason", string: letter.reason)
        object.member("attempts", int: letter.attempts)
        object.member("at", time: letter.at)
    }
}
