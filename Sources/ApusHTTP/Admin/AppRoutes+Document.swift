import ApusCore
import HTTPTypes

extension AppRoutes {
    static let document = APIFeature(
        name: "Apps", text: "Whose messages they are.",
        operations: [
            APIOperation(
                .post, "/apps/", "Make an app. Its key is told this one time.", access: .token(.admin),
                body: .json(
                    .input([
                        "name": .string(matching: "^[^\\u0000-\\u001F]{1,60}$"),
                        "id?": .string(matching: "^[A-Za-z0-9_-]{1,64}$"),
                        "appKey?": .string(matching: "^[A-Za-z0-9_-]{4,64}$"),
                    ])), answers: [.json(.named("App"))], refusals: [409]),
            APIOperation(.get, "/apps/{id}", "An app.", access: .token(.viewer), answers: [.json(.named("App"))]),
            APIOperation(
                .get, "/v1/apps", "All apps.", access: .token(.viewer),
                answers: [.json(.object(["apps": .list(of: .named("App"))]))]),
            APIOperation(
                .post, "/v1/apps/{id}/rotate-key", "Give an app another key.", access: .token(.admin),
                body: .json(
                    .input([
                        "appKey?": .string(matching: "^[A-Za-z0-9_-]{4,64}$"),
                        "overlap?": JSONSchema.integer(0...365 * 86_400)
                            .described("Seconds for which the old key still holds."),
                    ]), isRequired: false),
                answers: [.json(.named("App"))]),
        ],
        schemas: [
            "App": .object([
                "id": .string, "name": .string, "appKey?": .string.described("Only when it is new."),
                "createdAt": .time, "oldKeyUntil?": .time,
            ])
        ])
}
