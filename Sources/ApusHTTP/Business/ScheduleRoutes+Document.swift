import ApusCore
import HTTPTypes

extension ScheduleRoutes {
    static let document = APIFeature(
        name: "Schedules", text: "Notifications at chosen times.",
        operations: [
            APIOperation(
                .post, "/v1/schedules", "Send at a time, or again and again.", access: .tokenOrKey(.sender),
                body: .json(.named("NewSchedule")), answers: [.json(.named("Schedule"), status: 201)], refusals: [404]),
            APIOperation(
                .get, "/v1/schedules", "The schedules, the latest first.", access: .tokenOrKey(.viewer),
                parameters: [.limit, .before],
                answers: [.json(.object(["schedules": .list(of: .named("Schedule")), "next?": .integer]))]),
            APIOperation(
                .get, "/v1/schedules/{id}", "A schedule, and what it sent last.", access: .tokenOrKey(.viewer),
                answers: [.json(.named("Schedule"))]),
            APIOperation(
                .delete, "/v1/schedules/{id}", "End a schedule.", access: .tokenOrKey(.sender), answers: [.empty()],
                refusals: [409]),
        ],
        schemas: [
            "NewSchedule": .input([
                "content": .text,
                "receivers": .either(.text, .list(of: .text)),
                "appId?": .string, "title?": .string, "extra?": .nothing, "mode?": .oneOf("push", "sms", "email"),
                "level?": .integer(1...10), "sendAt?": .time, "cron?": .string, "timeZone?": .string,
            ]),
            "Schedule": .object([
                "id": .integer, "appId": .string, "state": .string, "next?": .time, "cron?": .string,
                "timeZone?": .string, "mode": .string, "level": .integer, "receivers": .string, "title": .string,
                "content": .string, "extra?": .any, "createdAt": .time, "lastRow?": .integer,
                "last?": .object(["send_state": .integer, "send_result?": .string, "remark?": .string]),
            ]),
        ])
}
