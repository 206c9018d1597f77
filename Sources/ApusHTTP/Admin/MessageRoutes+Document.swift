import ApusCore
import HTTPTypes

extension MessageRoutes {
    static let document = APIFeature(
        name: "Messages", text: "What became of messages.",
        operations: [
            APIOperation(
                .get, "/v1/messages/{id}", "Where a message stands on its devices.", access: .tokenOrKey(.viewer),
                parameters: [.limit, .after], answers: [.json(.named("MessageStatus"))]),
            APIOperation(
                .delete, "/v1/messages/{id}", "Take back what is not delivered.", access: .tokenOrKey(.sender),
                answers: [.json(.object(["cancelled": .integer]), "On how many devices it will not arrive.")]),
            APIOperation(
                .get, "/v1/messages/{id}/explain", "Why it stands where it does on one device.",
                access: .tokenOrKey(.viewer),
                parameters: [.query("device", .string, isRequired: true)],
                answers: [.json(.named("Explanation"))]),
        ],
        schemas: [
            "MessageStatus": .object([
                "id": .string, "appId": .string, "createdAt": .time, "expiresAt": .time,
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
                "messageId": .string, "deviceId": .string, "state": .string,
                "steps": .list(of: .named("Step")), "next": .named("Step"),
            ]),
            "Step": .object(["at?": .time, "code": .string, "text": .string, "route?": .string]),
        ])
}
