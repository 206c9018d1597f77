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
        if !access.isDemo { try access.require(.admin, request, context) }
        let body = try AppBody(try await request.body.collect(upTo: Self.longestBody))
        let name = try body.requiredName
        let (id, key) = (body.id ?? RandomToken.hex128(), body.key ?? RandomToken.hex128())
        let now = dispatcher.clock.now
        let app = try await dispatcher.update(committed: { $0.map(apps.update) }) {
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
        try access.require(.admin, request, context, of: id)
        let body = try await request.body.collect(upTo: Self.longestBody)
        let given = try body.readableBytes > 0 ? AppBody(members: body).key : nil
        let key = given ?? RandomToken.hex128()
        let app = try await dispatcher.update(committed: { $0.map(apps.update) }) {
            try $0.replaceKey(ofApp: id, with: SecretHash(of: key))
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
