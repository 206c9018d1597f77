import HTTPTypes

extension SendBody {
    static let document = APIFeature(
        name: "Sending", text: "Messages, and the connections that they go to.",
        operations: [
            APIOperation(
                .post, "/msgpush/send", "Send a message. It is stored when the answer comes.",
                parameters: [.idempotencyKey], body: .json(.named("Send")),
                answers: [.json(.named("Accepted"), "The message is accepted.")], refusals: [401, 404, 429]),
            APIOperation(
                .post, "/v1/messages", "Send a message. The app's key may also be in `X-App-Key`.",
                parameters: [.idempotencyKey, .header("X-App-Key", .string)], body: .json(.named("NativeSend")),
                answers: [
                    .json(.object(["id": .string, "ignored?": .list(of: .string)]), "The message is accepted.")
                ],
                refusals: [401, 404, 429]),
            APIOperation(
                .post, "/v1/messages:batch", "Send up to 1,000 messages, a JSON object a line.",
                body: .init(types: ["application/x-ndjson"], schema: .string(matching: "[^ \\t\\r\\n]")),
                answers: [.text("application/x-ndjson", "An answer a line: `Accepted` or `Error`.")],
                refusals: [401, 429]),
            APIOperation(
                .get, "/msgpush.ws", "Be a device: a WebSocket with messages and receipts.",
                parameters: [.query("deviceId", .string, isRequired: true)],
                answers: [.empty(101, "The WebSocket. An unknown device is told by its close code, 4404.")],
                refusals: [426]),
        ],
        schemas: [
            "Send": send(key: "appKey"), "NativeSend": send(key: "appKey?"),
            "Variant": .input([
                "title?": .string, "alert?": .string, "uri?": .string, "extra?": .any, "sound?": .string,
                "badge?": .looseInteger,
            ]),
            "Accepted": .object([
                "requestId": .string.described("The message's id."),
                "ignored?": .list(of: .string).described("Members of the request that mean nothing here."),
            ]),
        ])

    /// - Parameter key: the name of the member that has the app's key.
    private static func send(key: String) -> JSONSchema {
        JSONSchema.input([
            "appId": .string, key: .string, "tenantCode?": .string,
            "platform": .oneOf("ALL", "ANDROID", "IOS", "PC", "WEB"),
            "audienceType": .oneOf("ALIAS", "TAG", "DEVICE", "ALL"),
            "audiences?": JSONSchema.texts.described("Up to 1,000; for ALL none are needed."),
            "alert": .string.described("The text to show."), "title?": .string, "uri?": .string,
            "extra?": JSONSchema.any.described("Data for the app. It arrives byte for byte."),
            "pushMsgType?": .oneOf("MSG", "CMD"), "needConfirm?": .looseBoolean,
            "duration?": JSONSchema.looseInteger.described("Seconds until it expires."),
            "apns?": JSONSchema.nothing.described("Options for APNs alone."),
            "sound?": .string, "badge?": .looseInteger, "sender?": .string, "sendDevice?": .string,
            "smsMessage?": .string, "listenFlag?": .string,
            "escalate?": JSONSchema.list(of: .named("EscalationStep")).described(
                "What is done until anybody confirms it."),
            "requestId?": JSONSchema.string.described("An idempotency key, if there is none in the header."),
            "sendAt?": JSONSchema.either(.time, .integer(0...(1 << 42) - 1)).described(
                "When to send it, up to a year ahead."),
            "collapseKey?": JSONSchema.string(matching: "^[!-~]{1,64}$").described(
                "What is undelivered of it is replaced."),
            "priority?": JSONSchema.either(.integer(1...10), .oneOf("very-low", "low", "normal", "high")),
            "localized?": JSONSchema.map(of: .object(["title?": .string, "alert?": .string])).described("By language."),
            "platforms?": .closed([
                "android?": .named("Variant"), "ios?": .named("Variant"), "pc?": .named("Variant"),
                "web?": .named("Variant"),
            ]),
        ]).either([
            ["properties": ["audienceType": ["const": "ALL"]]],
            ["required": ["audiences"], "properties": ["audiences": ["type": ["string", "array"], "minItems": 1]]],
        ])
    }
}
