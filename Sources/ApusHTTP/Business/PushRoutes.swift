import ApusCore
import HTTPTypes
import Hummingbird
import NIOCore

/// `user/push_message` and `query/push_message` of seed 004.
struct PushRoutes: Sendable {
    let dispatcher: Dispatcher
    let apps: AppRegistry
    let access: BusinessAccess
    let limits: Reloadable<HTTPServerContext.Limits>

    func add(to router: Router<APIContext>) {
        router.post("/api/v1.1/user/push_message") { request, context in try await push(request, context) }
        router.get("/api/v1.1/query/push_message") { request, context in try await status(request, context) }
    }

    private func push(_ request: Request, _ context: APIContext) async throws -> Response {
        let fields = try await BusinessFields(request, limit: limits.body)
        let caller = try await access.caller(request, context, fields)
        let receivers = try fields.require("user_num", longest: limits.body)[0]
        let content = try fields.require("content", longest: limits.body)[0]
        let draft = try PushDraft(
            app: caller.app, receivers: receivers, title: fields["title"] ?? "", content: content,
            extra: fields["extra_params_string"] ?? fields["extra_params"], sender: caller.userNumber,
            idempotencyKey: try Self.idempotencyKey(request, fields, caller),
            origin: caller.origin(from: context.client), settings: access.settings)
        try apps.take(1, from: caller.app)
        let now = dispatcher.clock.now
        let result = try await dispatcher.push { transaction, send in
            try draft.send(transaction, sendsToNobody: true, at: now, send)
        }
        guard let push = result.push else {
            throw ApusError(
                .notFound, code: "unknown_user", "Nobody was sent anything: \(MissedReceiver.text(result.missed)).")
        }
        return Response.json { object in
            object.member("push_message_id", int: push)
            object.member("devices", int: Int64(result.devices))
            object.member("missed", string: result.missed.isEmpty ? nil : MissedReceiver.text(result.missed))
        }
    }

    /// A user's keys are the user's own.
    private static func idempotencyKey(
        _ request: Request, _ fields: BusinessFields, _ caller: BusinessAccess.Caller
    ) throws(ApusError) -> String? {
        guard let key = request.headers[.idempotencyKey] ?? fields["request_id"] else { return nil }
        guard key.utf8.count <= 255 else {
            throw ApusError(.invalid, code: "invalid_idempotency_key", "request_id must have 1 to 255 bytes.")
        }
        return caller.userNumber.map { "user \($0): \(key)" } ?? key
    }

    private func status(_ request: Request, _ context: APIContext) async throws -> Response {
        let fields = try await BusinessFields(request, limit: limits.body)
        let caller = try await access.caller(request, context, fields)
        let text = try fields.require("push_message_id")[0]
        guard let id = Int64(text) else { throw Self.unknown(text) }
        let found = try await dispatcher.query { snapshot -> (BusinessPush, MessageRecord?)? in
            guard let push = try snapshot.businessPush(id) else { return nil }
            return (push, try push.message.flatMap { try snapshot.message($0) })
        }
        guard let (push, record) = found, maySee(caller, record) else { throw Self.unknown(text) }
        return Response.json { object in
            object.member("push_message_id", int: push.id)
            object.member("message_id", string: push.message?.description)
            object.member("ios_status", string: push.ios.status ?? "")
            object.member("ios_ret", string: push.ios.result)
            object.member("ios_task_id", string: push.ios.taskID)
            object.member("ios_response", string: push.ios.response)
            object.member("ios_timestamp", string: push.ios.timestamp)
            object.member("android_status", string: push.android.status ?? "")
            object.member("android_ret", string: push.android.result)
            object.member("android_task_id", string: push.android.taskID)
            object.member("android_response", string: push.android.response)
            object.member("android_timestamp", string: push.android.timestamp)
        }
    }

    private static func unknown(_ id: String) -> ApusError {
        ApusError(.notFound, code: "unknown_push_message", "There is no push message \(id).")
    }

    /// An app sees its own pushes, the configured one also those that were imported; a user those from and to itself.
    private func maySee(_ caller: BusinessAccess.Caller, _ record: MessageRecord?) -> Bool {
        guard let record else { return caller.userNumber == nil && caller.app.id == access.settings.appID }
        guard record.message.app == caller.app.number else { return false }
        guard let number = caller.userNumber else { return true }
        return record.message.content.sender == number || record.audience.values.contains(number)
    }
}

extension HTTPField.Name {
    fileprivate static let idempotencyKey = HTTPField.Name("Idempotency-Key")!
}
