import ApusCore
import HTTPTypes

extension MessageRoutes {
    static let document = APIFeature(
        name: "Messages", text: "What became of messages.",
        operations: [
            APIOperation(
                .get, "/v1/messages", "The latest messages of an app, or of all.", access: .tokenOrKey(.viewer),
                parameters: [
                    .query("appId", .string),
                    .query("state", .oneOf("accepted", "scheduled", "cancelled").described("For one app.")),
                    .limit, .after,
                ], answers: [.json(.object(["messages": .list(of: .named("Message")), "next?": .string]))]),
            APIOperation(
                .get, "/v1/messages/{id}", "Where a message stands on its devices.", access: .tokenOrKey(.viewer),
                parameters: [.limit, .after], answers: [.json(.named("MessageStatus"))]),
            APIOperation(
                .delete, "/v1/messages/{id}", "Take back what is not delivered.", access: .tokenOrKey(.sender),
                answers: [.json(.named("Recall"))]),
            APIOperation(
                .get, "/v1/messages/{id}/explain", "Why it stands where it does.",
                access: .tokenOrKey(.viewer),
                parameters: [.query("device", .string.described("Without it, what its escalation did."))],
                answers: [.json(.named("Explanation"))]),
        ],
        schemas: [
            "MessageStatus": .object([
                "id": .string, "appId": .string, "state": .named("MessageState"), "createdAt": .time, "sendAt?": .time,
                "expiresAt": .time, "cancelledAt?": .time, "recall?": .string,
                "counts": .object([
                    "unsent": .integer, "sent": .integer, "received": .integer, "read": .integer, "expired": .integer,
                    "failed": .integer, "cancelled": .integer,
                ]),
                "deliveries": .list(of: .named("Delivery")), "next?": .string,
            ]),
            "Message": .object([
                "id": .string, "appId": .string, "state": .named("MessageState"), "createdAt": .time, "sendAt?": .time,
                "expiresAt": .time, "cancelledAt?": .time, "recall?": .string.described("What it takes back."),
                "title?": .string, "alert": .string,
            ]),
            "MessageState": .oneOf("accepted", "scheduled", "cancelled"),
            "Recall": .object([
                "cancelled": .integer.described("Devices that it will not reach."),
                "recalled": .integer.described("Devices that are told to take it back."), "recallId?": .string,
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
