import Foundation

/// Where an Apus server is: `http://127.0.0.1:8080`, with an optional path that goes before that of every call.
public struct ServerAddress: Sendable, Hashable, CustomStringConvertible {
    let isSecure: Bool
    let host: String
    let port: Int
    /// Empty, or begins with a slash and does not end with one.
    let path: String

    /// - Throws: `AddressError` if `text` is not the address of a server.
    public init(_ text: String) throws(AddressError) {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
            ["http", "https"].contains(scheme), let host = parts.host, !host.isEmpty,
            parts.query == nil, parts.fragment == nil
        else { throw AddressError(text: text) }
        isSecure = scheme == "https"
        self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        port = parts.port ?? (isSecure ? 443 : 80)
        path = parts.path.hasSuffix("/") ? String(parts.path.dropLast()) : parts.path
    }

    public var description: String { "\(isSecure ? "https" : "http")://\(authority)\(path)" }

    /// Host and port as the `Host` header has them.
    var authority: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }

    /// The path of a call and its query, both escaped.
    func target(_ segments: [String], query: [(String, String)]) -> String {
        let path = segments.map { "/" + Self.escaped($0) }.joined()
        let query = query.map { "\(Self.escaped($0))=\(Self.escaped($1))" }.joined(separator: "&")
        return self.path + path + (query.isEmpty ? "" : "?" + query)
    }

    private static func escaped(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? text
    }

    /// RFC 3986 §2.3.
    private static let unreserved = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
}

/// A text that is not the address of a server.
public struct AddressError: Error, Sendable, CustomStringConvertible {
    public let text: String

    public var description: String {
        "\"\(text)\" is not the address of a server; it must be like http://127.0.0.1:8080."
    }
}
