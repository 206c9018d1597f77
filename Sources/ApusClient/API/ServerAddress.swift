import Foundation
import NIOCore
import NIOSSL

/// Where an Apus server is: `http://127.0.0.1:8080`, with an optional path that goes before that of every call.
public struct ServerAddress: Sendable, Hashable, CustomStringConvertible {
    let isSecure: Bool
    let host: String
    let port: Int
    /// Empty, or begins with a slash and does not end with one.
    let path: String
    private let certificateAuthority: String?

    /// An https server's certificate must come from the authority in this PEM file; without one, from one of those that the
    /// system trusts.
    ///
    /// - Throws: `AddressError` if `text` is not the address of a server, or the file holds no certificate.
    public init(_ text: String, certificateAuthority: String? = nil) throws(AddressError) {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
            ["http", "https"].contains(scheme), let host = parts.host, !host.isEmpty,
            parts.query == nil, parts.fragment == nil
        else { throw AddressError(text: text) }
        isSecure = scheme == "https"
        self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        port = parts.port ?? (isSecure ? 443 : 80)
        path = parts.path.hasSuffix("/") ? String(parts.path.dropLast()) : parts.path
        self.certificateAuthority = certificateAuthority
        if let certificateAuthority {
            let certificates = try? NIOSSLCertificate.fromPEMFile(certificateAuthority)
            if certificates?.isEmpty ?? true { throw AddressError(certificateAuthority: certificateAuthority) }
        }
    }

    public var description: String { "\(isSecure ? "https" : "http")://\(authority)\(path)" }

    /// Host and port as the `Host` header has them.
    var authority: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }

    /// How connections are encrypted; nil if they are not.
    var tls: TLSConfiguration? {
        guard isSecure else { return nil }
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.applicationProtocols = ["http/1.1"]
        if let certificateAuthority { tls.trustRoots = .file(certificateAuthority) }
        return tls
    }

    /// The name that the server's certificate must be for; nil if that is an address.
    var serverName: String? {
        (try? SocketAddress(ipAddress: host, port: port)) == nil ? host : nil
    }

    /// The path of a call and its query, both escaped.
    func target(_ segments: [String], query: [(String, String)]) -> String {
        let path = segments.map { "/" + Self.escaped($0, but: Self.segment) }.joined()
        let query = query.map { "\(Self.escaped($0))=\(Self.escaped($1))" }.joined(separator: "&")
        return self.path + path + (query.isEmpty ? "" : "?" + query)
    }

    private static func escaped(_ text: String, but allowed: CharacterSet = unreserved) -> String {
        text.addingPercentEncoding(withAllowedCharacters: allowed) ?? text
    }

    /// RFC 3986 §2.3.
    private static let unreserved = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
    /// Of what else a segment may have (RFC 3986 §3.3), what our paths have.
    private static let segment = unreserved.union(CharacterSet(charactersIn: ":"))
}

/// A text that is not the address of a server, or a file that is not that of an authority.
public struct AddressError: Error, Sendable, CustomStringConvertible {
    public let description: String

    init(text: String) {
        description = "\"\(text)\" is not the address of a server; it must be like http://127.0.0.1:8080."
    }

    init(certificateAuthority path: String) {
        description = "The file \(path) cannot be read or holds no certificate in PEM form."
    }
}
