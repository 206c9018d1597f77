import ApusCore
import Hummingbird

/// `GET /v1/devices` and `GET /v1/devices/{id}`.
struct DeviceRoutes: Sendable {
    let dispatcher: Dispatcher
    let access: Access

    func add(to router: Router<APIContext>) {
        router.get("/v1/devices") { request, context in try await list(request, context) }
        router.get("/v1/devices/:id") { request, context in
            let caller = try access.caller(request, context)
            let id = try context.parameters.require("id")
            guard let device = try await dispatcher.query({ try $0.device(id: id) }) else {
                throw ApusError.unknownDevice
            }
            try caller.require(.viewer, of: device.appID)
            return Response.json { write(device, &$0) }
        }
    }

    private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let appID = request.uri.queryParameters["appId"].map(String.init)
        try access.require(.viewer, request, context, of: appID)
        let page = try Page(request)
        let filter = DeviceFilter(
            appID: appID, alias: request.uri.queryParameters["alias"].map(String.init))
        let devices = try await dispatcher.query { try $0.devices(filter, after: page.after, limit: page.limit) }
        return Response.json { object in
            object.member("devices", objects: devices) { write($0, &$1) }
            let next = devices.count == page.limit ? devices.last : nil
            object.member("next", string: next.map { String($0.number.rawValue) })
        }
    }

    private func write(_ device: Device, _ object: inout JSONObjectWriter) {
        object.member("id", string: device.id)
        object.member("appId", string: device.appID)
        object.member("tenantCode", string: device.tenant.isEmpty ? nil : device.tenant)
        object.member("alias", string: device.alias)
        object.member("platform", string: device.platform.name)
        object.member("mobile", string: device.mobile)
        object.member("tags", strings: device.tags)
        object.member("active", bool: device.isActive)
        object.member("connected", bool: dispatcher.directory[device.number] != nil)
        object.member("registeredAt", time: device.registeredAt)
    }
}
