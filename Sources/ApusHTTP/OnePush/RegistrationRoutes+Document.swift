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
                "appId": .text, "alias": JSONSchema.text.described("Usually a user id."),
                "platform": .oneOf("ANDROID", "IOS", "PC", "WEB"),
                "nativeToken": JSONSchema.text.described("What makes it the same device each time."),
                "tenantCode?": .string, "mobile?": .string, "language?": .string(matching: "^[A-Za-z0-9]{2,8}$"),
                "tag?": .texts,
                "vendor?": JSONSchema.string
                    .described("Whose token it is, if the platform does not say."),
                "subscription?": JSONSchema.nothing.described("Of a browser's push service, instead of a token."),
            ])
        ])
}
