import ApusCore
import HTTPTypes

extension NotificationRoutes {
    static let document = APIFeature(
        name: "AndroidPN", text: "The form of AndroidPN's console.",
        operations: [
            post("/notification.do", answers: [.empty(302, "Sent.", headers: ["Location"])]),
            post("/notification_api.do", answers: [.json(.named("Sent"))]),
            APIOperation(
                .get, "/notification.do", "Where the form leads.", parameters: [.query("id", .string)],
                answers: [.json(.named("Sent"))]),
        ],
        schemas: ["Sent": .object(["result": .string, "description": .string, "id?": .string])])

    private static func post(_ path: String, answers: [APIOperation.Answer]) -> APIOperation {
        APIOperation(
            .post, path, "Send a notification to one user or to all.", access: .tokenOrKeyAnywhere(.sender),
            parameters: [
                .query("action", .oneOf("send"), isRequired: true), .query("appId", .string),
            ],
            body: .init(
                types: ["application/x-www-form-urlencoded"],
                schema: .object([
                    "title?": .string, "message?": .string, "uri?": .string,
                    "broadcast?": .string.described("N for one user, whose `username` is then needed."),
                    "username?": .string, "needConfirm?": .string.described("Y or not."),
                ]).either([hasText("title"), hasText("message")])), answers: answers,
            refusals: [404, 429])
    }

    private static func hasText(_ name: String) -> JSONTree {
        ["required": [.text(name)], "properties": .object([name: ["minLength": 1]])]
    }
}
