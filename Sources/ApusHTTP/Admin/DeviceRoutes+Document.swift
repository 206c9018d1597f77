import ApusCore
import HTTPTypes

extension DeviceRoutes {
    static let document = APIFeature(
        name: "Devices", text: "Who gets messages.",
        operations: [
            APIOperation(
                .get, "/v1/devices", "Devices for which everything that is asked is so.", access: .token(.viewer),
                parameters: [
                    .query("appId", .string), .query("alias", .string), .query("tag", .string),
                    .query("platform", .oneOf("ANDROID", "IOS", "PC", "WEB")), .query("tenantCode", .string),
                    .query("connected", .oneOf("true")), .limit, .after,
                ],
                answers: [.json(.object(["devices": .list(of: .named("Device")), "next?": .string]))]),
            APIOperation(
                .get, "/v1/devices/{id}", "A device.", access: .token(.viewer), answers: [.json(.named("Device"))]),
            APIOperation(
                .delete, "/v1/devices/{id}", "Unregister a device, and forget whose it was.", access: .token(.admin),
                answers: [.empty()]),
            APIOperation(
                .put, "/v1/devices/{id}/tags", "Give a device these tags and no others.", access: .token(.admin),
                body: .json(.input(["tags": .named("Tags")])), answers: [.json(.named("Device"))]),
            APIOperation(
                .post, "/v1/devices/{id}/tags", "Add and remove some of a device's tags.", access: .token(.admin),
                body: .json(
                    JSONSchema.input(["add?": .named("Tags"), "remove?": .named("Tags")]).either([
                        ["required": ["add"]], ["required": ["remove"]],
                    ])),
                answers: [.json(.named("Device"))]),
            APIOperation(
                .get, "/v1/apps/{id}/tags", "An app's tags, and how many devices have each.",
                access: .tokenOrKey(.viewer), parameters: [.limit, .query("after", .string)],
                answers: [
                    .json(
                        .object([
                            "tags": .list(of: .object(["tag": .string, "devices": .integer])), "next?": .string,
                        ]))
                ]),
        ],
        schemas: [
            "Device": .object([
                "id": .string, "appId": .string, "tenantCode?": .string, "alias": .string, "platform": .string,
                "mobile?": .string, "language?": .string, "tags": .list(of: .string), "active": .boolean,
                "connected": .boolean,
                "registeredAt": .time,
            ]),
            "Tags": .list(of: .string(1...255)),
        ])
}
