import ApusCore
import HTTPTypes

extension TokenRoutes {
    static let document = APIFeature(
        name: "Tokens", text: "Who works with the server, and what they may do.",
        operations: [
            APIOperation(
                .get, "/v1/tokens", "The tokens, without their secrets.", access: .token(.admin),
                answers: [.json(.object(["tokens": .list(of: .named("Token"))]))]),
            APIOperation(
                .post, "/v1/tokens", "Make a token. It is told this one time.", access: .token(.admin),
                body: .json(
                    .input([
                        "name": .string(matching: "^[A-Za-z0-9._-]{1,64}$"),
                        "role": .oneOf("admin", "sender", "viewer"),
                        "appId?": .string.described("The only app that it is for."),
                        "expiresIn?": .either(.integer(1...315_360_000), .string(matching: "^[1-9][0-9]{0,7}$"))
                            .described(
                                "Seconds; without it, it does not end."),
                    ])), answers: [.json(.named("Token"), status: 201)], refusals: [409]),
            APIOperation(
                .delete, "/v1/tokens/{name}", "Revoke a token.", access: .token(.admin), answers: [.empty()],
                refusals: [409]),
        ],
        schemas: [
            "Token": .object([
                "name": .string, "token?": .string.described("Only when it is new."), "role": .string,
                "appId?": .string, "createdAt": .time, "expiresAt?": .time, "expired": .boolean, "lastUsedAt?": .time,
            ])
        ])
}
