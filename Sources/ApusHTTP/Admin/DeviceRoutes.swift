import ApusCore
import Hummingbird
import NIOCore

/// Devices: `GET /v1/devices`, `GET` and `DELETE /v1/devices/{id}`; their tags.
struct DeviceRoutes: Sendable {
    let dispatcher: Dispatcher
    let apps: AppRegistry
    let access: Access

    private static let longestBody = 64 << 10

    func add(to router: Router<APIContext>) {
        router.get("/v1/devices") { request, context in try await list(request, context) }
        router.get("/v1/devices/:id") { request, context in
            let caller = try access.requireBearer(.viewer, request, context)
            let id = try context.parameters.require("id")
            guard let device = try await dispatcher.query({ try $0.device(id: id) }),
                access.doorkeeper.admits(caller, to: device.appID)
            else { throw ApusError.unknownDevice }
            return Response.json { write(device, &$0) }
        }
        router.delete("/v1/devices/:id") { request, context in
            try await remove(request, context)
        }
        router.put("/v1/devices/:id/tags") { request, context in
            try await change(request, context) { try TagChange(replacing: $0) }
        }
        router.post("/v1/devices/:id/tags") { request, context in
            try await change(request, context) { try TagChange(changing: $0) }
        }
        router.get("/v1/apps/:id/tags") { request, context in
            try await tags(request, context)
        }
    }

    private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let appID = request.uri.queryParameters["appId"].map(String.init)
        try access.require(.viewer, request, context, of: appID)
        let page = try Page(request)
        let query = try DeviceQuery(request)
        let after = page.after.map { DeviceNumber($0) }
        let connected = query.isConnected == true ? dispatcher.directory.devices(after: after) : nil
        let devices = try await dispatcher.query { snapshot in
            if let connected { return try snapshot.devices(query.filter, among: connected, limit: page.limit) }
            return try snapshot.devices(query.filter, after: after, limit: page.limit)
        }
        return Response.json { object in
            object.member("devices", objects: devices) { write($0, &$1) }
            let next = devices.count == page.limit ? devices.last : nil
            object.member("next", string: next.map { String($0.number.rawValue) })
        }
    }

    private func remove(_ request: Request, _ context: APIContext) async throws -> Response {
        let now = dispatcher.clock.now
        let removed = try await change(request, context, "device.delete") { transaction, device in
            try transaction.removeDevice(id: device.id, at: now)
        }
        dispatcher.disconnect(removed.number, .unregistered)
        return Response(status: .noContent)
    }

    private func change(
        _ request: Request, _ context: APIContext, _ read: (ByteBuffer) throws -> TagChange
    ) async throws -> Response {
        _ = try access.requireBearer(.admin, request, context)
        let change = try read(try await request.body.collect(upTo: Self.longestBody))
        let changed = try await self.change(request, context, "device.tags") { transaction, device in
            try transaction.setTags(try change.applied(to: device.tags), of: device.number)
            return try transaction.device(id: device.id)
        }
        return Response.json { write(changed, &$0) }
    }

    /// Changes the device that the path names.
    /// - Parameter act: what the audit calls it.
    private func change(
        _ request: Request, _ context: APIContext, _ act: String,
        _ body: @escaping @Sendable (any StoreTransaction, Device) throws -> Device?
    ) async throws -> Device {
        let caller = try access.requireBearer(.admin, request, context)
        let doorkeeper = access.doorkeeper
        let id = try context.parameters.require("id")
        let changed = try await dispatcher.update(
            noting: { device in
                // The device's id is a secret.
                device.map { device in
                    caller.act(act, device.appID) { $0.member("device", string: String(device.id.prefix(6))) }
                }
            }
        ) { transaction -> Device? in
            guard let device = try transaction.device(id: id), doorkeeper.admits(caller, to: device.appID) else {
                return nil
            }
            return try body(transaction, device)
        }
        guard let changed else { throw ApusError.unknownDevice }
        return changed
    }

    private func tags(_ request: Request, _ context: APIContext) async throws -> Response {
        let appID = try context.parameters.require("id")
        try access.require(.viewer, request, context, orKeyOf: appID)
        guard let app = apps[appID] else { throw AppError.unknown }
        let limit = try Page.limit(request)
        let after = request.uri.queryParameters["after"].map(String.init)
        let tags = try await dispatcher.query { try $0.tags(of: app.number, after: after, limit: limit) }
        return Response.json { object in
            object.member("tags", objects: tags) { tag, object in
                object.member("tag", string: tag.tag)
                object.member("devices", int: Int64(tag.devices))
            }
            object.member("next", string: tags.count == limit ? tags.last?.tag : nil)
        }
    }

    private func write(_ device: Device, _ object: inout JSONObjectWriter) {
        object.member("id", string: device.id)
        object.member("appId", string: device.appID)
        object.member("tenantCode", string: device.tenant.isEmpty ? nil : device.tenant)
        object.member("alias", string: device.alias)
        object.member("platform", string: device.platform.name)
        object.member("mobile", string: device.mobile)
        object.member("language", string: device.language)
        object.member("tags", strings: device.tags)
        object.member("active", bool: device.isActive)
        object.member("connected", bool: dispatcher.directory[device.number] != nil)
        object.member("registeredAt", time: device.registeredAt)
    }
}

/// Which devices a list is to have: `?appId=`, `?alias=`, `?tag=`, `?platform=`, `?tenantCode=`, `?connected=true`.
struct DeviceQuery {
    let filter: DeviceFilter
    let isConnected: Bool?

    init(_ request: Request) throws(ApusError) {
        let query = request.uri.queryParameters
        var problems = FieldProblems()
        let text = { (name: Substring) in query[name].map(String.init) }
        let platform = text("platform").map { Platform(name: $0.uppercased()) }
        if case .some(nil) = platform { problems.wrongValue("platform", "must be ANDROID, IOS, PC or WEB") }
        let connected = text("connected")
        if let connected, connected != "true" { problems.wrongValue("connected", "can only be true") }
        try problems.check()
        isConnected = connected.map { $0 == "true" }
        filter = DeviceFilter(
            appID: text("appId"), alias: text("alias"), tag: text("tag"), platform: platform ?? nil,
            tenant: text("tenantCode"))
    }
}
