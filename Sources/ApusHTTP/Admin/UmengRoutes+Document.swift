import ApusCore
import HTTPTypes

extension UmengRoutes {
    static let document = APIFeature(
        name: "Umeng", text: "Messages whose devices Umeng finds by itself.",
        operations: [
            APIOperation(
                .post, "/v1/umeng/jobs", "Have Umeng send a message.", access: .token(.sender),
                body: .json(
                    .input([
                        "appId": .text, "type": .oneOf("broadcast", "groupcast", "customizedcast"),
                        "platform": .oneOf("ANDROID", "IOS"), "filter?": .any, "aliasType?": .string,
                        "aliases?": .texts, "title?": .string, "alert": .text, "uri?": .string,
                        "extra?": .any, "duration?": .looseInteger, "requestId?": .string,
                    ])), answers: [.json(.named("Job"))], refusals: [404, 409]),
            APIOperation(
                .get, "/v1/umeng/jobs/{message}", "Where a job stands.", access: .token(.viewer),
                answers: [.json(.named("Job"))]),
            APIOperation(
                .delete, "/v1/umeng/jobs/{message}", "Take a job back.", access: .token(.sender),
                answers: [.json(.named("Job"))], refusals: [409]),
        ],
        schemas: [
            "Job": .object([
                "messageId": .string, "taskId": .string, "platform": .string, "result?": .string, "status?": .string,
                "response?": .string, "final": .boolean, "at?": .time,
            ])
        ])
}
