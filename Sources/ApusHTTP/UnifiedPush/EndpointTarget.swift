import ApusCore
import NIOCore

/// The URLs that take pushes.
enum EndpointTarget: Equatable {
    /// `/push/TOKEN`
    case resource(token: String)
    /// `/UP?token=TOKEN` (seed 002)
    case seed(token: String)
    /// `/aesgcm?e=URL`: for senders of the draft before RFC 8291, whose keys are in headers.
    case aesgcm(endpoint: String)

    /// - Returns: nil if the request is for something else.
    init?(_ request: HTTPWireRequest) {
        if request.head.path(beginsWith: "/push/") {
            self = .resource(token: String(request.path.dropFirst(6)))
        } else if request.head.hasPath("/UP") {
            self = .seed(token: QueryString.value("token", in: request.query) ?? "")
        } else if request.head.hasPath("/aesgcm") {
            self = .aesgcm(endpoint: QueryString.value("e", in: request.query) ?? "")
        } else {
            return nil
        }
    }

    /// The endpoint, which may have been revoked since.
    func endpoint(_ book: EndpointBook) throws(ApusError) -> [UInt8] {
        let token: Substring? =
            switch self {
            case .resource(let token), .seed(let token): token[...]
            case .aesgcm(let url): Self.token(in: url, of: book)
            }
        if let token, let endpoint = book.endpoint(in: token.utf8) { return endpoint }
        // The original's text, which its senders may look for.
        if case .seed = self {
            throw ApusError(.unauthenticated, code: "unknown_endpoint", "jwt token unauthorized - or not given")
        }
        throw .unknownEndpoint
    }

    /// The token in an endpoint's URL.
    /// - Returns: nil if the URL is not one of ours.
    static func token(in url: String, of book: EndpointBook) -> Substring? {
        for start in ["/push/", "/UP?token="] where url.hasPrefix(book.baseURL + start) {
            return url.dropFirst(book.baseURL.count + start.count)
        }
        return nil
    }
}
