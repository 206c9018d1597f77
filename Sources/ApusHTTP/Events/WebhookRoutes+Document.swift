import ApusCore
import HTTPTypes

extension WebhookRoutes {
    static let document = APIFeature(
        name: "Webhooks", text: "URLs that events are posted to, signed as Standard Webhooks describe it.",
        operations: [
            APIOperation(
                .get, "/v1/webhooks", "The webhooks, all or those of an app.", access: .tokenOrKey(.viewer),
                parameters: [.query("appId", .string.described("The app. Needed with its key."))],
                answers: [.json(.object(["webhooks": .list(of: .named("Webhook"))]))], refusals: [400]),
            APIOperation(
                .post, "/v1/webhooks", "Post an app's events to a URL from now on.", access: .token(.admin),
                body: .json(
                    .input([
                        "appId": .text, "url": .text,
                        "states?": .list(of: states, 1...8).described("Without it, all are posted."),
                    ])),
                answers: [.json(.named("Webhook"), status: 201)], refusals: [404, 409]),
            APIOperation(
                .get, "/v1/webhooks/{id}", "A webhook, and how far it has come.", access: .tokenOrKey(.viewer),
                answers: [.json(.named("Webhook"))]),
            APIOperation(
                .delete, "/v1/webhooks/{id}", "Post nothing more, and forget what could not be delivered.",
                access: .token(.admin), answers: [.empty()]),
            APIOperation(
                .post, "/v1/webhooks/{id}/rotate-secret",
                "Make a new secret. For a day posts are signed with the earlier one too.", access: .token(.admin),
                answers: [.json(.object(["id": .string, "secret": .string]))]),
            APIOperation(
                .post, "/v1/webhooks/{id}/test", "Post a test, once.", access: .tokenOrKey(.sender),
                answers: [
                    .json(
                        .object(["taken": .boolean, "reason?": .string.described("Why the receiver did not take it.")]))
                ]),
        ],
        schemas: [
            "Webhook": .object([
                "id": .string, "appId": .string, "url": .string, "states": .list(of: states), "createdAt": .time,
                "after": .string.described("The last event that was taken, passed over or given up."),
                "attempts": .integer.described("How often the next post was tried in vain."), "nextAt?": .time,
                "problem?": .string.described("What came of the last post, if it failed."),
                "secret?": .string.described("Only when it is new."),
            ])
        ])

    private static let states = JSONSchema.oneOf(
        "accepted", "unsent", "sent", "received", "read", "expired", "failed", "cancelled")
}
