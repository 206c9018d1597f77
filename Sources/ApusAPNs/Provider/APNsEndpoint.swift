import NIOSSL

/// The server that a lane connects to.
package struct APNsEndpoint: Sendable, Equatable {
    /// Which certificates of servers are accepted.
    package enum TrustRoots: Sendable, Equatable {
        case system
        /// Only what the certificates in a PEM file vouch for.
        case file(String)
    }

    package var host: String
    package var port: Int
    /// The name in the server's certificate and in requests. Another one than the host's if a proxy passes the
    /// connection on.
    package var serverName: String
    package var trustRoots: TrustRoots

    package init(host: String, port: Int = 443, serverName: String? = nil, trustRoots: TrustRoots = .system) {
        self.host = host
        self.port = port
        self.serverName = serverName ?? host
        self.trustRoots = trustRoots
    }
}

/// Device tokens belong to one of the two, and are not valid in the other.
package enum APNsEnvironment: String, Sendable {
    case production
    case sandbox

    /// Port 2197 does the same as 443, for networks that let nothing else out.
    package func endpoint(port: Int = 443) -> APNsEndpoint {
        switch self {
        case .production: APNsEndpoint(host: "api.push.apple.com", port: port)
        case .sandbox: APNsEndpoint(host: "api.sandbox.push.apple.com", port: port)
        }
    }
}
