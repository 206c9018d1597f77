import ApusCore
import HTTPTypes

extension AccountRoutes {
    static let document = APIFeature(
        name: "Accounts", text: "What devices log in with over XMPP.",
        operations: [
            APIOperation(
                .get, "/v1/accounts", "The accounts of an app, or all.", access: .token(.viewer),
                parameters: [
                    .query("appId", .string), .limit,
                    .query("after", .string.described("The `next` of the page before.")),
                ], answers: [.json(.object(["accounts": .list(of: .named("Account")), "next?": .string]))]),
            APIOperation(
                .post, "/v1/accounts", "Make an account, with a password if none is given.", access: .token(.admin),
                body: .json(
                    .input([
                        "name": .string(matching: "^[a-z0-9]{1,32}$"), "appId": .text,
                        "password?": .string(matching: "^[!-~]{1,64}$"), "keepPassword?": .looseBoolean,
                    ])), answers: [.json(.named("Account"))], refusals: [409]),
            APIOperation(
                .post, "/v1/accounts/{name}/password", "Give an account another password.", access: .token(.admin),
                body: .json(
                    .input(["password?": .string(matching: "^[!-~]{1,64}$"), "keepPassword?": .looseBoolean]),
                    isRequired: false),
                answers: [.json(.object(["name": .string, "password?": .string]))]),
            APIOperation(
                .delete, "/v1/accounts/{name}", "End an account, its device and its connection.",
                access: .token(.admin),
                answers: [.empty()]),
        ],
        schemas: [
            "Account": .object([
                "name": .string, "password?": .string.described("Only when it was made here."), "appId": .string,
                "deviceId": .string, "alias": .string, "connected": .boolean, "createdAt": .time,
            ])
        ])
}
