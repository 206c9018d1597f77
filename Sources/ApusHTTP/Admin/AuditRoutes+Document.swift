import ApusCore
import HTTPTypes

extension AuditRoutes {
    static let document = APIFeature(
        name: "Audit", text: "Who did what with the server.",
        operations: [
            APIOperation(
                .get, "/v1/audit", "What was done, the latest first.", access: .token(.admin),
                parameters: [
                    .query("since", .time), .query("act", .string), .query("actor", .string), .limit, .before,
                ],
                answers: [.json(.object(["entries": .list(of: .named("AuditEntry")), "next?": .integer]))]),
            APIOperation(
                .get, "/v1/audit/verify", "Whether every entry is as it was written.", access: .token(.admin),
                parameters: [
                    .query(
                        "head",
                        .string(matching: "^[1-9][0-9]{0,17}:[0-9a-f]{64}$").described("What an earlier call answered.")
                    )
                ],
                answers: [
                    .json(
                        .object([
                            "intact": .boolean, "entries?": .integer,
                            "since?": .integer.described("The first that the present key file can verify."),
                            "head?": .string, "entry?": .integer, "reason?": .string,
                        ]))
                ]),
        ],
        schemas: [
            "AuditEntry": .object([
                "sequence": .integer, "at": .time, "actor": .string, "address?": .string, "act": .string,
                "object": .string, "details": .nothing, "seal": .string,
            ])
        ])
}
