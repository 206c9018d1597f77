import AsyncHTTPClient
import Foundation
import NIOCore
import NIOPosix
import NIOSSL

/// Says in a few words why a connection failed.
enum ConnectionFailure {
    static func reason(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            if let first = error.connectionErrors.first { return reason(first.error) }
            return "the name \(error.host) is not known"
        case let error as IOError:
            return error.errnoCode == ECONNREFUSED ? "nothing listens there" : error.systemText
        case let error as ChannelError:
            if case .connectTimeout = error { return "it did not answer in time" }
            return "the connection was lost"
        case let error as HTTPClientError where [.connectTimeout, .readTimeout, .deadlineExceeded].contains(error):
            return "it did not answer in time"
        case let error as HTTPClientError where error == .remoteConnectionClosed:
            return "the connection was lost"
        case NIOSSLError.handshakeFailed(let error):
            return handshakeReason("\(error)")
        case NIOSSLError.unableToValidateCertificate:
            return "its certificate is for another name"
        case is WebSocketRefusedError:
            return "it did not accept a WebSocket"
        default:
            return "\(error)"
        }
    }
}

extension ConnectionFailure {
    /// BoringSSL tells what is wrong in words only.
    fileprivate static func handshakeReason(_ text: String) -> String {
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            return "its certificate has ended, or comes from an authority that is not trusted here"
        }
        if text.contains("WRONG_VERSION_NUMBER") || text.contains("HTTP_REQUEST") { return "it does not speak https" }
        return "no encrypted connection can be agreed upon: \(text)"
    }
}

extension IOError {
    fileprivate var systemText: String { String(cString: strerror(errnoCode)).lowercased() }
}
