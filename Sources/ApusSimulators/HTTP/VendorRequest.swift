import ApusCore
package import NIOCore
package import NIOHTTP1

/// A request to a simulated vendor.
package struct VendorRequest: Sendable {
    package let method: HTTPMethod
    /// Without the query, not decoded.
    package let path: String
    package let query: String
    package let headers: HTTPHeaders
    package let body: ByteBuffer

    package init(_ head: HTTPRequestHead, body: ByteBuffer) {
        let target = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        method = head.method
        path = String(target[0])
        query = target.count == 2 ? String(target[1]) : ""
        headers = head.headers
        self.body = body
    }

    /// The parts of the path between its slashes.
    var segments: [String] { path.split(separator: "/").map(String.init) }

    /// nil if the body is no JSON object.
    var object: JSONValue? {
        guard let value = try? JSONValue(body), value.members != nil else { return nil }
        return value
    }

    var queryFields: FormFields { FormFields(query) }

    var bodyFields: FormFields { FormFields(String(buffer: body)) }

    /// User name and password (RFC 7617).
    var basicCredentials: (name: String, password: String)? {
        guard let header = headers.first(name: "authorization"), header.lowercased().hasPrefix("basic "),
            let bytes = Base64.decode(String(header.dropFirst(6)))
        else { return nil }
        let parts = String(decoding: bytes, as: UTF8.self).split(
            separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
    }

    /// The token of `Authorization: Bearer` (RFC 6750 §2.1).
    var bearerToken: String? {
        guard let header = headers.first(name: "authorization"), header.lowercased().hasPrefix("bearer ") else {
            return nil
        }
        return String(header.dropFirst(7))
    }
}
