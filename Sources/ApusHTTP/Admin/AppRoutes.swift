import ApusCore
import HTTPTypes
import Hummingbird
import NIOCore

/// Apps: `POST /apps/` and `GET /apps/{id}` of ONE-PUSH (seed 003), and what they lack under `/v1/apps`.
struct AppRoutes: Sendable {
    let dispatcher: Dispatcher
    let apps: AppRegistry
    let access: Access

    private static let longestBody = 4096
    /// Seconds for which an app's earlier key is taken besides its new one.
    private static let usualOverlap: Int64 = 86_400

    func add(to router: Router<APIContext>) {
        router.post("/apps") { request, context in try await create(request, context) }
        router.get("/apps/:id") { request, context in
            let id = try context.parameters.require("id")
            try access.require(.viewer, request, context, of: id)
            guard let app = apps[id] else { throw AppError.unknown }
            return Response.json { Self.write(app, &$0) }
        }
        router.get("/v1/apps") { request, context in
            try access.require(.viewer, request, context)
            let all = try await dispatcher.query { try $0.apps() }
            return Response.json { $0.member("apps", objects: all) { Self.write($0, &$1) } }
        }
        router.post("/v1/apps/:id/rotate-key") { request, context in
            try await rotateKey(request, context)
        }
    }

    private func create(_ request: Request, _ context: APIContext) async throws -> Response {
        let origin =
            access.isDemo
            ? Origin(.anyone, from: context.client) : try access.require(.admin, request, context).origin
        let body = try AppBody(try await request.body.collect(upTo: Self.longestBody))
        let name = try body.requiredName
        let (id, key) = (body.id ?? RandomToken.hex128(), body.key ?? RandomToken.hex128())
        let now = dispatcher.clock.now
        let act = AuditAct("app.create", id, by: origin) { $0.member("name", string: name) }
        let app = try await dispatcher.update(
            committed: { $0.map(apps.update) }, noting: { $0 == nil ? nil : act }
        ) {
            try $0.insertApp(id: id, name: name, keyHash: SecretHash(of: key), at: now)
        }
        guard let app else {
            throw ApusError(
                .conflict, code: "app_exists", "There is an app with the id \(id). Choose another, or rotate its key.")
        }
        return Response.json { Self.write(app, key: key, &$0) }
    }

    private func rotateKey(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.parameters.require("id")
        let caller = try access.require(.admin, request, context, of: id)
        let text = try await request.body.collect(upTo: Self.longestBody)
        let body = text.readableBytes > 0 ? try AppBody(members: text) : nil
        let key = body?.key ?? RandomToken.hex128()
        let overlap = body?.overlapSeconds ?? Self.usualOverlap
        let until = overlap > 0 ? dispatcher.clock.now.adding(seconds: overlap) : nil
        let act = caller.act("app.rotate_key", id) { $0.member("overlap", int: overlap) }
        let app = try await dispatcher.update(
            committed: { $0.map(apps.update) }, noting: { $0 == nil ? nil : act }
        ) {
            try $0.replaceKey(ofApp: id, with: SecretHash(of: key), keepingOldUntil: until)
        }
        guard let app else { throw AppError.unknown }
        return Response.json { Self.write(app, key: key, &$0) }
    }

    /// - Parameter key: the app's key, at the only time that it is known.
    private static func write(_ app: App, key: String? = nil, _ object: inout JSONObjectWriter) {
        object.member("id", string: app.id)
        object.member("name", string: app.name)
        object.member("appKey", string: key)
        object.member("createdAt", time: app.createdAt)
        object.member("oldKeyUntil", time: app.oldKey?.until)
    }
}

enum AppError {
    static let unknown = ApusError(.notFound, code: "unknown_app", "There is no app with this id.")
}

/// What `POST /apps/` is given: a bare name, as in ONE-PUSH, or an object with `name` and, for an app that is moved
/// here, its `id` and `appKey`.
struct AppBody {
    private(set) var name: String?
    private(set) var id: String?
    private(set) var key: String?
    /// Of `rotate-key`.
    private(set) var overlapSeconds: Int64?

    private static let longestOverlap: Int64 = 365 * 86_400

    init(_ body: ByteBuffer) throws(ApusError) {
        guard body.readableBytesView.first(where: { $0 > 0x20 }) == UInt8(ascii: "{") else {
            guard let text = String(validating: body.readableBytesView, as: UTF8.self) else {
                throw ApusError(.invalid, code: "invalid_utf8", "The app's name must be UTF-8.")
            }
            try self.init(name: text)
            return
        }
        try self.init(members: body)
    }

    private init(name: String) throws(ApusError) {
        self.name = name.isEmpty ? nil : name
        try check(FieldProblems())
    }

    /// - Throws: `ApusError` if the body is not an object.
    init(members body: ByteBuffer) throws(ApusError) {
        var problems = FieldProblems()
        try FieldProblems.eachMember(of: body) { (key, scanner) throws(JSONError) in
            switch key {
            case "name": name = try scanner.text("name", &problems)
            case "id": id = try scanner.text("id", &problems)
            case "appKey": self.key = try scanner.text("appKey", &problems)
            case "overlap": overlapSeconds = try scanner.integer("overlap", &problems)
            default: try scanner.skipValue()
            }
        }
        try check(problems)
    }

    private func check(_ found: FieldProblems) throws(ApusError) {
        var problems = found
        if let name, name.utf8.count > 255 || name.unicodeScalars.contains(where: { $0.value < 0x20 }) {
            problems.wrongValue("name", "must be one line of at most 255 bytes")
        }
        if let id, id.isEmpty || !id.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") }) {
            problems.wrongValue("id", "must be printable ASCII without spaces and slashes")
        }
        if let overlapSeconds, !(0...Self.longestOverlap).contains(overlapSeconds) {
            problems.wrongValue("overlap", "must be 0 to \(Self.longestOverlap) seconds")
        }
        if let key, key.utf8.count < 4 { problems.wrongValue("appKey", "must have at least 4 bytes") }
        try problems.check()
    }

    var requiredName: String {
        get throws(ApusError) {
            var problems = FieldProblems()
            if (name ?? "").isEmpty { problems.missing("name") }
            try problems.check()
            return name ?? ""
        }
    }
}
