import ApusCore
import HTTPTypes

extension DeviceRoutes {
    static let document = APIFeature(
        name: "Devices", text: "Who gets messages.",
        operations: [
            APIOperation(
                .get, "/v1/devices", "The devices of an app or an alias, or all.", access: .token(.viewer),
                parameters: [.query("appId", .string), .query("alias", .string), .limit, .after],
                answers: [.json(.object(["devices": .list(of: .named("Device")), "next?": .string]))]),
            APIOperation(
                .get, "/v1/devices/{id}", "A device.", access: .token(.viewer), answers: [.json(.named("Device"))]),
        ],
        schemas: [
            "Device": .object([
                "id": .string, "appId": .string, "tenantCode?": .string, "alias": .string, "platform": .string,
                "mobile?": .string, "tags": .list(of: .string), "active": .boolean, "connected": .boolean,
                "registeredAt": .time,
            ])
        ])
}
