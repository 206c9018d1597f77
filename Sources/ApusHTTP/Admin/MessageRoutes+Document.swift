import ApusCore
import HTTPTypes

extension MessageRoutes {
    static let document = APIFeature(
        name: "Messages", text: "What became of messages.",
        operations: [
            APIOperation(
                .get, "/v1/messages", "The latest messages, of an app or of all.", access: .tokenOrKey(.viewer),
                parameters: [
                    .query("appId", .string),
                    .query("state", JSONSchema.named("MessageState").described("It needs an `appId`.")), .limit, .after,
                ],
                answers: [.json(.object(["messages": .list(of: .named("Message")), "next?": .string]))]),
            APIOperation(
                .get, "/v1/messages/{id}", "Where a message stands on its devices.", access: .tokenOrKey(.viewer),
                parameters: [.limit, .after], answers: [.json(.named("MessageStatus"))]),
            APIOperation(
                .delete, "/v1/messages/{id}", "Take it back.", access: .tokenOrKey(.sender),
                answers: [
                    .json(
                        .object(["cancelled": .integer, "recalled": .integer, "recallId?": .string]),
                        "On how many devices it will not arrive, and how many are told to forget it.")
                ]),
            APIOperation(
                .get, "/v1/messages/{id}/explain",
                "Why it stands where it does on a device; without one, what its escalation did.",
                access: .tokenOrKey(.viewer),
                parameters: [.query("device", .string)],
                answers: [.json(.named("Explanation"))]),
        ],
        schemas: [
            "Message": .object([
                "id": .string, "appId": .string, "state": .named("MessageState"), "createdAt": .time, "sendAt?": .time,
                "expiresAt": .time, "cancelledAt?": .time, "title?": .string, "alert?": .string,
                "recall?": JSONSchema.string.described("The message that this one takes back."),
            ]),
            "MessageState": .oneOf("accepted", "scheduled", "cancelled"),
            "MessageStatus": .object([
                "id": .string, "appId": .string, "state": .named("MessageState"), "createdAt": .time, "sendAt?": .time,
                "expiresAt": .time, "cancelledAt?": .time, "recall?": .string,
                "counts": .object([
                    "unsent": .integer, "sent": .integer, "received": .integer, "read": .integer, "expired": .integer,
                    "failed": .integer, "cancelled": .integer,
                ]),
                "deliveries": .list(of: .named("Delivery")), "next?": .string,
            ]),
            "Delivery": .object([
                "deviceId": .string, "alias?": .string, "state": .named("State"), "sentAt?": .time,
                "receivedAt?": .time, "readAt?": .time, "attempts": .integer, "route?": .string, "error?": .string,
            ]),
            "State": .oneOf("unsent", "sent", "received", "read", "expired", "failed", "cancelled"),
            "Explanation": .object([
                "messageId": .string, "deviceId?": .string, "state": .string,
                "steps": .list(of: .named("Step")), "next": .named("Step"),
            ]),
            "Step": .object(["at?": .time, "code": .string, "text": .string, "route?": .string]),
        ])
}
