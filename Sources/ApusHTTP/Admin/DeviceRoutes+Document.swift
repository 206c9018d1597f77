import ApusCore
import HTTPTypes

extension DeviceRoutes {
    static let document = APIFeature(
        name: "Devices", text: "Who gets messages.",
        operations: [
            APIOperation(
                .get, "/v1/devices", "The devices of an app or an alias, or all.", access: .token(.viewer),
                parameters: [
                    .query("appId", .string), .query("alias", .string), .query("tag", .string),
                    .query("platform", .oneOf("ANDROID", "IOS", "PC", "WEB")), .query("tenantCode", .string),
                    .query("connected", .oneOf("true")), .limit, .after,
                ],
                answers: [.json(.object(["devices": .list(of: .named("Device")), "next?": .string]))]),
            APIOperation(
                .get, "/v1/devices/{id}", "A device.", access: .token(.viewer), answers: [.json(.named("Device"))]),
            APIOperation(
                .delete, "/v1/devices/{id}", "Delete a device and what is kept of it.", access: .token(.admin),
                answers: [.empty()]),
            APIOperation(
                .put, "/v1/devices/{id}/tags", "Set a device's tags.", access: .token(.admin),
                body: .json(.input(["tags": .texts])), answers: [.json(.named("Device"))]),
            APIOperation(
                .post, "/v1/devices/{id}/tags", "Give a device tags, and take some.", access: .token(.admin),
                body: .json(.input(["add?": .texts, "remove?": .texts]).either([has("add"), has("remove")])),
                answers: [.json(.named("Device"))]),
            APIOperation(
                .get, "/v1/apps/{id}/tags", "The tags of an app's devices.", access: .tokenOrKey(.viewer),
                parameters: [.limit, .query("after", .string.described("The `next` of the page before."))],
                answers: [.json(.object(["tags": .list(of: .named("Tag")), "next?": .string]))]),
        ],
        schemas: [
            "Tag": .object(["tag": .string, "devices": .integer]),
            "Device": .object([
                "id": .string, "appId": .string, "tenantCode?": .string, "alias": .string, "platform": .string,
                "mobile?": .string, "language?": .string, "tags": .list(of: .string), "active": .boolean,
                "connected": .boolean,
                "registeredAt": .time,
            ]),
        ])

    private static func has(_ name: String) -> JSONTree {
        ["required": [.text(name)], "properties": .object([name: ["type": ["string", "array"]]])]
    }
}
