import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// What the server's HTTP interface is (OpenAPI 3.1), and so which methods a path has.
enum APIDocument {
    /// Each stands in a file beside its routes.
    static let features = [
        RegistrationRoutes.document, SendBody.document, MessageRoutes.document, EventRoutes.document,
        WebhookRoutes.document, AppRoutes.document,
        DeviceRoutes.document,
        AccountRoutes.document, CredentialRoutes.document, TokenRoutes.document, AuditRoutes.document,
        PolicyRoutes.document, RetentionRoutes.document,
        UmengRoutes.document, EndpointRoutes.document,
        BusinessRoutes.document, UserAdministration.document,
        ScheduleRoutes.document, NotificationRoutes.document, OperationsRoutes.document,
    ]

    static let operations = features.flatMap(\.operations)

    static let json: JSONTree = {
        var paths: [String: JSONTree] = [:]
        for feature in features {
            for operation in feature.operations {
                let name = operation.method.rawValue.lowercased()
                paths[operation.path, default: [:]][name] = operation.json(tag: feature.name)
            }
        }
        var schemas = ["Error": error.json]
        for feature in features { schemas.merge(feature.schemas.mapValues(\.json)) { first, _ in first } }
        return [
            "openapi": "3.1.0",
            "info": ["title": "Apus", "version": "0.1.0", "description": "A self-hosted push server."],
            "tags": .list(features.map { ["name": .text($0.name), "description": .text($0.text)] }),
            "paths": .object(paths),
            "components": [
                "schemas": .object(schemas), "responses": .object(refusals), "securitySchemes": securitySchemes,
            ],
        ]
    }()

    /// `/openapi.json`, made once.
    static let body: ByteBuffer = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return ByteBuffer(bytes: (try? encoder.encode(json)) ?? Data())
    }()

    private static let error = JSONSchema.object([
        "code": .integer.described("The HTTP status."), "error": .string.described("A stable name of what is wrong."),
        "message": .string.described("A sentence that says what to change."),
        "retryAfter?": .integer.described("After how many seconds to try again."),
        "errors?": .list(of: .object(["field": .string, "code": .string, "message": .string])),
    ])

    private static let refusals: [String: JSONTree] = [
        400: "The request is wrong. `errors` names every member that is.", 401: "A token or key is missing or wrong.",
        403: "The caller may not do this.", 404: "There is no such thing.", 409: "It contradicts what is there.",
        410: "It is over for good.", 413: "It is too large.", 426: "The only WebSocket version is 13.",
        429: "Too many requests: try again after `Retry-After`.",
        503: "The server cannot do it now: try again after `Retry-After`.",
    ].reduce(into: [:]) { refusals, refusal in
        refusals[String(refusal.key)] = [
            "description": .text(refusal.value),
            "content": ["application/json": ["schema": JSONSchema.named("Error").json]],
        ]
    }

    private static let securitySchemes: JSONTree = [
        "token": [
            "type": "http", "scheme": "bearer",
            "description": "A token of this role, or of one that may do more: viewer, sender, admin.",
        ],
        "appKey": ["type": "apiKey", "in": "header", "name": "X-App-Key", "description": "The app's key."],
        "appPassword": ["type": "http", "scheme": "basic", "description": "The app's id and key."],
        "appKeyInQuery": ["type": "apiKey", "in": "query", "name": "appKey", "description": "The app's key."],
        "userToken": ["type": "http", "scheme": "bearer", "description": "What an authentication answered."],
    ]

    // MARK: The routes

    /// The methods of a path; empty if there is nothing.
    static func methods(at path: String) -> [HTTPRequest.Method] {
        let segments = path.split(separator: "/")
        let found = operations.filter { operation in
            let wanted = operation.path.split(separator: "/")
            return wanted.count == segments.count
                && zip(wanted, segments).allSatisfy { $0 == $1 || $0.hasPrefix("{") }
        }
        return found.map(\.method)
    }

    /// Routes of the router that no operation describes, and operations that nothing answers.
    static func gaps(_ router: Router<APIContext>) -> Set<String> {
        let routes = router.routes.map { name($0.method, $0.path.description) }
        let described = operations.map { name($0.method, $0.path) }
        return Set(routes).subtracting(refusing).union(HTTPConnectionHandler.hotRoutes).symmetricDifference(described)
    }

    private static func name(_ method: HTTPRequest.Method, _ path: String) -> String {
        "\(method) /" + path.split(separator: "/").joined(separator: "/")
    }

    /// Routes that only say, in their protocol's own words, that there is nothing.
    private static let refusing: Set<String> = [
        "POST /msgpush/unregister", "PUT /_matrix/push/v1/notify", "GET /_matrix/**", "POST /_matrix/**",
    ]
}
