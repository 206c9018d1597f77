import HTTPTypes
import Hummingbird

/// Any page may call the ONE-PUSH paths and post to endpoints, also one opened from a file.
struct CrossOriginMiddleware: RouterMiddleware {
    /// Headers of answers that a page may read.
    static let exposed = "Location, Link, TTL, Retry-After, WWW-Authenticate"
    private static let open = ["/msgpush", "/apps", "/push/", "/UP", "/aesgcm", "/message/", "/receipt/", "/apus.js"]

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        let isOpen = Self.open.contains { request.uri.path.hasPrefix($0) }
        guard isOpen, request.headers[.origin] != nil else { return try await next(request, context) }
        if request.method == .options, request.headers[.accessControlRequestMethod] != nil {
            return Response(
                status: .noContent,
                headers: [
                    .accessControlAllowOrigin: "*",
                    .accessControlAllowMethods: "GET, POST, DELETE, OPTIONS",
                    .accessControlAllowHeaders: "Content-Type, Authorization, Idempotency-Key, X-App-Key, TTL, "
                        + "Urgency, Topic, Prefer, Content-Encoding, Encryption, Crypto-Key",
                    .accessControlMaxAge: "86400",
                ])
        }
        var response = try await next(request, context)
        response.headers[.accessControlAllowOrigin] = "*"
        response.headers[.accessControlExposeHeaders] = Self.exposed
        return response
    }
}
