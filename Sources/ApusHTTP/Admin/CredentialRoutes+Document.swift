import ApusCore
import HTTPTypes

extension CredentialRoutes {
    static let document = APIFeature(
        name: "Credentials", text: "What apps prove to vendors.",
        operations: [
            APIOperation(
                .get, "/v1/credentials", "The credentials of an app, or all, without their secrets.",
                access: .token(.viewer),
                parameters: [.query("appId", .string)],
                answers: [.json(.object(["credentials": .list(of: .named("Credential"))]))]),
            APIOperation(
                .post, "/v1/credentials", "Set an app's credential for a vendor.", access: .token(.admin),
                body: .json(
                    .input(["appId": .text, "provider": .text, "settings?": .any, "secret?": .any])
                ),
                answers: [.json(.named("Credential"))], refusals: [404]),
            APIOperation(
                .delete, "/v1/credentials", "Remove an app's credential for a vendor.", access: .token(.admin),
                parameters: [
                    .query("appId", .string, isRequired: true), .query("provider", .string, isRequired: true),
                    .query("name", .string, isRequired: true),
                ], answers: [.empty()], refusals: [404]),
            APIOperation(
                .post, "/v1/providers/test", "Send a test to one device of a vendor.", access: .token(.sender),
                body: .json(
                    .input([
                        "appId": .text, "provider": .text, "token": .string,
                        "platform?": .oneOf("ANDROID", "IOS", "PC", "WEB"),
                    ])),
                answers: [.json(.object(["accepted": .boolean, "code": .string, "detail": .string]))],
                refusals: [404]),
        ],
        schemas: [
            "Credential": .object([
                "appId": .string, "provider": .string, "name": .string, "settings": .any, "createdAt": .time,
            ])
        ])
}
