import AsyncHTTPClient
import NIOCore

/// A client that shuts itself down when nobody uses it any more.
final class OutgoingClient: Sendable {
    let http: HTTPClient

    init(_ eventLoop: any EventLoop, _ configuration: HTTPClient.Configuration) {
        http = HTTPClient(eventLoopGroupProvider: .shared(eventLoop), configuration: configuration)
    }

    deinit {
        // The second time, after `OutgoingHTTP.shutdown`, it does nothing.
        http.shutdown { [http] _ in withExtendedLifetime(http) {} }
    }
}
