import ApusCore
import HTTPTypes

extension EventRoutes {
    static let document = APIFeature(
        name: "Events", text: "What happens to messages and their deliveries, as it happens.",
        operations: [
            APIOperation(
                .get, "/v1/events", "Server-sent events, each a JSON object, for as long as the connection lives.",
                access: .tokenOrKey(.viewer),
                parameters: [
                    .query("app", .string.described("Only events of this app. Needed with the app's key.")),
                    .query("device", .string.described("Only events of this device, by its id.")),
                    .query(
                        "message", .string(matching: "^[1-9][0-9]{0,17}$").described("Only events of this message.")),
                    .query(
                        "state",
                        .string(matching: "^\(state)(,\(state))*$").described("Only these states, separated by commas.")
                    ),
                    .query(
                        "after", id.described("Begin behind this event; 0 is the oldest. Without it, begin with now.")),
                    .query(
                        "follow",
                        .oneOf("true", "false").otherwise("true")
                            .described("With false, the answer ends when all that there is has been given.")),
                    .header(
                        "Last-Event-ID", id.described("The event that the client had last; stronger than `after`.")),
                ],
                answers: [.events(fields, "The events.")], refusals: [404])
        ])

    private static let fields = JSONSchema.object([
        "event?": .oneOf("message", "position", "gap")
            .described("`position`: all up to `id` was given. `gap`: events are lost that were wanted."),
        "id?": id, "data": .string.described("A JSON object."), "retry?": .integer,
    ])

    private static let state = "(accepted|unsent|sent|received|read|expired|failed|cancelled)"
    private static let id = JSONSchema.string(matching: "^[0-9]{1,18}$")
}
