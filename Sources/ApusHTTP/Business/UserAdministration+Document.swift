import ApusCore
import HTTPTypes

extension UserAdministration {
    static let document = APIFeature(
        name: "Users", text: "Users of the business system.",
        operations: [
            APIOperation(
                .get, "/v1/users", "The users.", access: .token(.viewer),
                parameters: [.limit, .query("after", .string.described("The `next` of the page before."))],
                answers: [.json(.object(["users": .list(of: .named("User")), "next?": .string]))]),
            APIOperation(
                .post, "/v1/users", "Make a user, with a password if none is given.", access: .token(.admin),
                body: .json(
                    .input([
                        "user_num": .string(matching: "^[A-Za-z0-9]{1,60}$"), "user_name?": .string,
                        "password?": .text, "email?": .string, "mobile?": .string,
                        "active?": .looseBoolean,
                    ])), answers: [.json(.named("User"), status: 201)], refusals: [409]),
            APIOperation(
                .patch, "/v1/users/{number}", "Change a user. A new password ends the user's tokens.",
                access: .token(.admin),
                body: .json(
                    .input([
                        "user_name?": .string, "password?": .text, "email?": .string, "mobile?": .string,
                        "active?": .looseBoolean,
                    ])), answers: [.json(.named("User"))]),
        ],
        schemas: [
            "User": .object([
                "user_num": .string, "user_name?": .string,
                "password?": .string.described("Only when it was made here."), "email?": .string, "mobile?": .string,
                "active": .boolean,
            ])
        ])
}
