import NIOCore
import NIOPosix
import NIOSSL

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Why a connection could not be opened or was given up.
enum ConnectionError: Error, Equatable, CustomStringConvertible {
    case silent
    case noHTTP2
    case closed
    case stopped
    case noAddress
    case unknownHost(String)
    case badTrustRoots(String)

    var description: String {
        switch self {
        case .silent: "the server does not answer"
        case .noHTTP2: "the server does not speak HTTP/2 (it did not choose h2 in ALPN)"
        case .closed: "the server closed it; before it was ready, this may mean that it does not accept the certificate"
        case .stopped: "Apus is stopping"
        case .noAddress: "the server has no address"
        case .unknownHost(let host): "the name \(host) is not known"
        case .badTrustRoots(let file): "the file \(file) holds no certificates in PEM that could be read"
        }
    }

    /// Says in a few words what an error means for whoever set up the lane.
    static func reason(_ error: any Error) -> String {
        switch error {
        case let error as ConnectionError: error.description
        case let error as IOError:
            error.errnoCode == ECONNREFUSED
                ? "nothing listens there" : String(cString: strerror(error.errnoCode)).lowercased()
        case let error as ChannelError:
            if case .connectTimeout = error { "it did not answer in time" } else { "the connection was lost" }
        case let error as NIOSSLError where error == .uncleanShutdown: "the connection was lost"
        case is NIOSSLError, is NIOSSLExtraError:
            "TLS failed: \(error). Check the endpoint's name and CA, and the lane's certificate"
        default: "\(error)"
        }
    }
}
