/// A request method (RFC 9110, section 9). Methods are case-sensitive.
package enum HTTPWireMethod: Sendable, Equatable, CustomStringConvertible {
    case get
    case head
    case post
    case put
    case patch
    case delete
    case options
    case other(String)

    package var description: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .patch: "PATCH"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .other(let name): name
        }
    }

    /// - Parameter token: a method's name, not empty.
    init(_ token: UnsafeRawBufferPointer) {
        if token.matches("POST") {
            self = .post
        } else if token.matches("GET") {
            self = .get
        } else if token.matches("PUT") {
            self = .put
        } else if token.matches("DELETE") {
            self = .delete
        } else if token.matches("HEAD") {
            self = .head
        } else if token.matches("PATCH") {
            self = .patch
        } else if token.matches("OPTIONS") {
            self = .options
        } else {
            self = .other(String(decoding: token, as: UTF8.self))
        }
    }
}
