import ApusCore
import HTTPTypes

extension BusinessRoutes {
    static let document = APIFeature(
        name: "Business", text: "Users, devices and pushes of the business system, and the message centre.",
        operations: [
            APIOperation(
                .post, "/api/v1.1/user/authentication", "Get an access token for a user.",
                body: .form(.object(["user_num": .text, "password": .text])),
                answers: [.json(.named("SignedIn"))], refusals: [401, 403, 429]),
            APIOperation(
                .post, "/api/v1.1/app/device", "Register a user's device.", access: .keyOrUser,
                body: .form(
                    .object([
                        "user_num": .text, "uuid": .text, "platform": .oneOf("android", "ios"),
                        "push_token?": .string, "push_platform?": .string, "name?": .string, "os?": .string,
                        "os_version?": .string,
                    ])), answers: [.json(.named("BusinessDevice"))], refusals: [404]),
            APIOperation(
                .post, "/api/v1.1/user/logout", "Log a user out of a device.", access: .keyOrUser,
                body: .form(.object(["user_num": .text, "user_device_id": .text])),
                answers: [.json(.object(["data": .string]))], refusals: [404]),
            APIOperation(
                .post, "/api/v1.1/user/push_message", "Send a notification to users.", access: .keyOrUser,
                parameters: [.idempotencyKey],
                body: .form(
                    .object([
                        "user_num": JSONSchema.text.described("Numbers, parted by commas."), "content": .text,
                        "title?": .string,
                        "extra_params_string?": .string.described("The text of a JSON object."),
                    ])), answers: [.json(.named("BusinessPush"))], refusals: [404, 429]),
            APIOperation(
                .get, "/api/v1.1/query/push_message", "What became of a notification.", access: .keyOrUser,
                parameters: [.query("push_message_id", .text, isRequired: true)],
                answers: [.json(.named("BusinessPushStatus"))], refusals: [404]),
            APIOperation(
                .get, "/v1/dead-letters", "What could not be delivered, the latest first.",
                access: .token(.viewer), parameters: [.limit, .before],
                answers: [.json(.object(["deadLetters": .list(of: .named("DeadLetter")), "next?": .integer]))]),
            APIOperation(
                .post, "/v1/dead-letters/{id}/replay", "Try it again.", access: .token(.sender),
                answers: [.json(.named("DeadLetter"))], refusals: [409]),
            APIOperation(.delete, "/v1/dead-letters/{id}", "Give it up.", access: .token(.sender), answers: [.empty()]),
            APIOperation(
                .post, "/v1/import/business", "Take in rows of the business system's own tables.",
                access: .token(.admin),
                body: .json(
                    .object([
                        "table": .oneOf(
                            "sys_users", "sys_devices", "sys_user_devices", "sys_push_messages", "sys_message_center"),
                        "rows?": .list(of: .map(of: JSONSchema.string.orNull)).described("Up to 1,000."),
                    ])), answers: [.json(.named("Import"))], refusals: [409]),
        ],
        schemas: [
            "SignedIn": .object([
                "id": .integer, "user_num": .string, "user_name?": .string, "email?": .string, "mobile?": .string,
                "access_token": .string, "expires_at": .time,
            ]),
            "BusinessDevice": .object([
                "device_uuid": .string, "user_device_id": .integer, "device_id": .string,
                "warning?": .object(["code": .string, "message": .string]),
            ]),
            "BusinessPush": .object(["push_message_id": .integer, "devices": .integer, "missed?": .string]),
            "BusinessPushStatus": .object([
                "push_message_id": .integer, "message_id?": .string, "ios_status": .string, "android_status": .string,
            ]),
            "DeadLetter": .object([
                "id": .integer, "row?": .integer, "webhook?": .string, "mode": .string, "title": .string,
                "user_num?": .string,
                "reason": .string, "attempts": .integer, "at": .time,
            ]),
            "Import": .object([
                "taken": .integer, "alreadyThere": .integer,
                "refused": .list(of: .object(["id": .string, "reason": .string])),
            ]),
        ])
}

extension APIOperation.Parameter {
    static let before = query(
        "before", .string(matching: "^[0-9]{1,18}$").described("The `next` of the page before."))
}
