import HTTPTypes

extension EndpointRoutes {
    static let document = APIFeature(
        name: "Endpoints", text: "UnifiedPush and Web Push: who has an endpoint's address may post to it.",
        operations: [
            post("/push/{token}", [201, 202], seed: false),
            post("/UP", [202], seed: true),
            post("/aesgcm", [201, 202], seed: false),
            APIOperation(
                .get, "/push/{token}", "Whether pushes are taken here.", answers: [.json(.named("Discovery"))]),
            APIOperation(.get, "/UP", "Whether pushes are taken here.", answers: [.json(.named("Discovery"))]),
            APIOperation(.get, "/aesgcm", "Whether this is a gateway.", answers: [.json(.named("Discovery"))]),
            APIOperation(
                .delete, "/message/{token}", "Take a message back.", answers: [.empty()], refusals: [410]),
            APIOperation(
                .get, "/receipt/{token}", "Whether a message arrived.",
                answers: [.empty(204, "It did."), .json(.object(["state": .string]), "Not yet.", status: 202)],
                refusals: [410]),
            APIOperation(
                .get, "/_matrix/push/v1/notify", "Whether this is a gateway.", answers: [.json(.named("Discovery"))]),
            APIOperation(
                .post, "/_matrix/push/v1/notify", "A Matrix home server's push.",
                body: .json(
                    .object([
                        "notification": .object(["devices": .list(of: .object(["pushkey": .string]), 1...1000)])
                    ])), answers: [.json(.object(["rejected": .list(of: .string)]))], refusals: [429]),
        ],
        schemas: [
            "Discovery": .object([
                "unifiedpush": .object(["version?": .integer, "gateway?": .string]), "gateway?": .string,
            ])
        ])

    private static func post(_ path: String, _ statuses: [Int], seed: Bool) -> APIOperation {
        let query: [APIOperation.Parameter] =
            switch path {
            case "/UP": [.query("token", .string, isRequired: true)]
            case "/aesgcm": [.query("e", .string, isRequired: true)]
            default: []
            }
        let text = "The message is accepted; `Location` is its own address."
        return APIOperation(
            .post, path, "Post a message to an endpoint (RFC 8030).",
            parameters: query + [
                .header("TTL", .string(matching: "^[0-9]{1,9}$")),
                .header("Urgency", .oneOf("very-low", "low", "normal", "high")),
                .header("Topic", .string(matching: "^[A-Za-z0-9_-]{1,32}$")),
            ],
            body: .init(types: ["application/octet-stream"], schema: .string),
            answers: seed
                ? [.json(.string, text, status: 202)]
                : statuses.map { .empty($0, text, headers: ["Location", "TTL"]) },
            refusals: [401, 403, 404, 410, 429])
    }
}
