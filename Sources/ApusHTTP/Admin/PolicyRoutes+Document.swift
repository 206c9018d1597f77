import ApusCore
import HTTPTypes

extension PolicyRoutes {
    static let document = APIFeature(
        name: "Policies", text: "What is done about messages that reach nobody.",
        operations: [
            APIOperation(
                .get, "/v1/apps/{id}/policy", "An app's policy.", access: .token(.viewer),
                answers: [.json(.named("Policy"))]),
            APIOperation(
                .put, "/v1/apps/{id}/policy", "Set an app's policy. What is left out is unset.",
                access: .token(.admin), body: .json(.named("Policy")), answers: [.json(.named("Policy"))]),
        ],
        schemas: [
            "Policy": .closed([
                "fallback?": JSONSchema.list(of: .named("Notice"), 0...8).described("For each recipient."),
                "escalate?": JSONSchema.list(of: .named("EscalationStep"), 0...8)
                    .described("Until anybody confirms."),
                "smsAfter?": .integer(0...longest), "needConfirm?": .boolean,
            ]),
            "EscalationStep": .either(
                .named("Notice"),
                .closed([
                    "after": .integer(0...longest),
                    "to": JSONSchema.list(of: .text, 1...100).described("Aliases."),
                ])),
            "Notice": .closed(["after": .integer(0...longest), "via": .oneOf("sms", "email", "vendor")]),
        ])

    /// Seconds.
    private static let longest = Int(EscalationPlan.Step.longest)
}
