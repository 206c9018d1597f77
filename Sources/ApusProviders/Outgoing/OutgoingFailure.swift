import AsyncHTTPClient
import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Why there is no answer. The texts are for people: "the connection was refused".
package enum OutgoingFailure: Error, Sendable, Equatable {
    /// Nothing was sent, as the destination is not allowed.
    case forbidden(String)
    /// Nothing was sent.
    case notSent(String)
    /// It was sent, or a part of it, and nobody can say what became of it.
    case unanswered(String)

    /// A library's error for people, who read it in an explanation.
    static func reason(_ error: (any Error)?) -> String {
        switch error {
        case let error as HTTPClientError:
            switch error {
            case .deadlineExceeded: "the time was up"
            case .connectTimeout, .getConnectionFromPoolTimeout: "no connection could be made in time"
            case .remoteConnectionClosed: "the other side closed the connection"
            case .cancelled: "the server stopped waiting"
            default: error.shortDescription
            }
        case let error as NIOConnectionError:
            error.connectionErrors.isEmpty ? "the host's name is not known" : "the connection was refused"
        case let error as IOError:
            error.errnoCode == ECONNREFUSED
                ? "the connection was refused" : "the connection failed (\(error.errnoCode))"
        case nil: "there was no answer"
        case let error?: String("\(error)".prefix(200))
        }
    }
}
