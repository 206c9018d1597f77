import ApusCore
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// Makes the one error form of whatever a route throws.
struct ErrorMiddleware: RouterMiddleware {
    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            return Self.response(to: error, request, context)
        }
    }

    private static func response(to error: any Error, _ request: Request, _ context: APIContext) -> Response {
        switch error {
        case let error as ApusError:
            return response(error, status: error.status)
        case let error as HTTPError
        where error.status == .notFound && !APIDocument.methods(at: request.uri.path).isEmpty:
            return notAllowed(request)
        case let error as HTTPError where error.status == .notFound:
            return response(
                ApusError(
                    .notFound, code: "not_found", "There is nothing at \(request.method) \(request.uri.path)."),
                status: 404)
        case let error as any HTTPResponseError:
            let status = Int(error.status.code)
            return response(
                ApusError(.invalid, code: "invalid_request", "The request cannot be understood: \(error)."),
                status: status)
        default:
            context.logger.error("request failed", metadata: ["error": "\(error)"])
            return response(
                ApusError(.internal, code: "internal", "The server failed to answer. Its log says why."), status: 500)
        }
    }

    /// The path has other methods (RFC 9110 §15.5.6).
    private static func notAllowed(_ request: Request) -> Response {
        let methods = APIDocument.methods(at: request.uri.path).map(\.rawValue).sorted().joined(separator: ", ")
        var answer = response(
            ApusError(
                .invalid, code: "method_not_allowed",
                "\(request.uri.path) has no \(request.method), but \(methods)."),
            status: 405)
        answer.headers[.allow] = methods
        return answer
    }

    private static func response(_ error: ApusError, status: Int) -> Response {
        var headers: HTTPFields = [.contentType: "application/json"]
        for header in error.headers {
            if let name = HTTPField.Name(header.name) { headers[name] = header.value }
        }
        return Response(
            status: HTTPResponse.Status(code: status), headers: headers,
            body: ResponseBody(byteBuffer: error.body(status: status)))
    }
}
