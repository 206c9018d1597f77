import ApusCore
import HTTPTypes

extension RetentionRoutes {
    static let document = APIFeature(
        name: "Retention", text: "How long messages are kept, and how many.",
        operations: [
            APIOperation(
                .get, "/v1/apps/{id}/retention", "How long an app's messages are kept.", access: .token(.viewer),
                answers: [.json(.named("Retention"))]),
            APIOperation(
                .put, "/v1/apps/{id}/retention", "Set how long an app's messages are kept. What is left out is unset.",
                access: .token(.admin), body: .json(.closed(["age?": age.orNull, "count?": count.orNull])),
                answers: [.json(.named("Retention"))]),
        ],
        schemas: [
            "Retention": .object([
                "age?": age, "count?": count,
                "default": JSONSchema.object(["age": age, "count": count])
                    .described("The server's, for what the app does not say."),
            ])
        ])

    private static let age = JSONSchema.integer(Int(AppRetention.ages.lowerBound)...Int(AppRetention.ages.upperBound))
        .described("Seconds since a message was accepted. It is kept until it expires at least.")
    private static let count = JSONSchema.integer(
        Int(AppRetention.counts.lowerBound)...Int(AppRetention.counts.upperBound)
    ).described("The latest messages, and all that have not expired; 0 is any number.")
}
