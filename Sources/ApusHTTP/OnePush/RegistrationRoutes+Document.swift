import HTTPTypes

extension RegistrationRoutes {
    static let document = APIFeature(
        name: "Registration", text: "Devices make themselves known.",
        operations: [
            APIOperation(
                .post, "/msgpush/register", "Register a device, or bring up to date one with the same native token.",
                body: .json(.named("Registration")), answers: [.json(.object(["id": .string]), "The device's id.")]),
            APIOperation(
                .post, "/msgpush/unregister/{device}", "End a device: it gets no more messages.",
                answers: [.empty(200)]),
        ],
        schemas: [
            "Registration": .input([
                "appId": .string(1...255), "alias": .string(1...255).described("Usually a user id."),
                "platform": .oneOf("ANDROID", "IOS", "PC", "WEB"),
                "nativeToken": .string(1...4096).described("What makes it the same device each time."),
                "tenantCode?": .string, "mobile?": .string, "tag?": .texts,
                "language?": JSONSchema.string(matching: "^[A-Za-z0-9]{2,8}(-[A-Za-z0-9]{1,8}){0,2}$")
                    .described("What its user reads: a tag such as zh or pt-BR."),
                "vendor?": JSONSchema.string
                    .described("Whose token it is, if the platform does not say."),
                "subscription?": JSONSchema.nothing.described("Of a browser's push service, instead of a token."),
            ])
        ])
}
