import HTTPTypes

extension SendBody {
    static let document = APIFeature(
        name: "Sending", text: "Messages, and the connections that they go to.",
        operations: [
            APIOperation(
                .post, "/v1/messages", "Send a message. It is stored when the answer comes.", access: .key,
                parameters: [.idempotencyKey], body: .json(.named("NewMessage")),
                answers: [.json(.named("Made"), "The message is accepted.")]),
            APIOperation(
                .post, "/msgpush/send", "Send a message, with the key in the body and the answer of ONE-PUSH.",
                parameters: [.idempotencyKey], body: .json(.named("Send")),
                answers: [.json(.named("Accepted"), "The message is accepted.")], refusals: [401, 404, 429]),
            APIOperation(
                .post, "/v1/messages:batch", "Send up to 1,000 messages, a `Send` a line.",
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
            "NewMessage": message, "Send": message.requiring("appKey", .string), "Language": language,
            "Platform": platform, "Made": accepted("id"), "Accepted": accepted("requestId"),
        ])

    private static let message = JSONSchema.input([
        "appId": .string, "tenantCode?": .string, "platform": .oneOf("ALL", "ANDROID", "IOS", "PC", "WEB"),
        "audienceType": .oneOf("ALIAS", "TAG", "DEVICE", "ALL"),
        "audiences?": JSONSchema.texts.described("Up to 1,000; for ALL none are needed."),
        "alert": .string.described("The text to show."), "title?": .string, "uri?": .string,
        "extra?": JSONSchema.any.described("Data for the app. It arrives byte for byte."),
        "pushMsgType?": .oneOf("MSG", "CMD"), "needConfirm?": .looseBoolean,
        "duration?": JSONSchema.looseInteger.described("Seconds until it expires."),
        "sendAt?": JSONSchema.either(.time, .integer(0...4_398_046_511_103))
            .described("When to send it, at most a year ahead; or milliseconds since 1970."),
        "collapseKey?": JSONSchema.string(matching: "^[!-~]{1,64}$").described("It replaces what has the same key."),
        "priority?": .either(
            .integer(1...10), .string(matching: "^([1-9]|10)$"), .oneOf("very-low", "low", "normal", "high")),
        "localized?": JSONSchema.map(
            of: .named("Language").orNull, matching: "^[A-Za-z0-9]{2,8}(-[A-Za-z0-9]{1,8}){0,2}$"
        )
        .described("How it reads in some languages, up to 50."),
        "platforms?": .closed(["android?": .platform, "ios?": .platform, "pc?": .platform, "web?": .platform]),
        "apns?": JSONSchema.nothing.described("Options for APNs alone."),
        "sound?": .string, "badge?": .looseInteger, "sender?": .string, "sendDevice?": .string,
        "smsMessage?": .string, "listenFlag?": .string,
        "escalate?": JSONSchema.list(of: .named("EscalationStep"), 0...8)
            .described("What is done until anybody confirms it."),
        "requestId?": JSONSchema.string.described("An idempotency key, if there is none in the header."),
    ]).either([
        ["properties": ["audienceType": ["const": "ALL"]]],
        ["required": ["audiences"], "properties": ["audiences": ["type": ["string", "array"], "minItems": 1]]],
    ])

    private static let language = JSONSchema.closed(["title?": .string.orNull, "alert?": .string.orNull])
    private static let platform = JSONSchema.closed([
        "title?": .string.orNull, "alert?": .string.orNull, "uri?": .string.orNull, "extra?": .any,
        "sound?": .string.orNull, "badge?": .looseInteger.orNull,
    ])

    private static func accepted(_ name: String) -> JSONSchema {
        JSONSchema.object(["ignored?": .list(of: .string).described("Members of the request that mean nothing here.")])
            .requiring(name, .string.described("The message's id."))
    }
}

extension JSONSchema {
    fileprivate static let platform = named("Platform").orNull
}
