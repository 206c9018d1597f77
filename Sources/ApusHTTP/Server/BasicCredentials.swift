import ApusCore
import Foundation
import HTTPTypes
import Hummingbird

/// User name and password of a request (RFC 7617).
struct BasicCredentials {
    let username: String
    let password: String

    /// - Returns: nil if the request has none, or something else.
    init?(_ request: Request) {
        guard let header = request.headers[.authorization], header.lowercased().hasPrefix("basic "),
            let data = Data(base64Encoded: String(header.dropFirst(6))),
            let text = String(data: data, encoding: .utf8), let colon = text.firstIndex(of: ":")
        else { return nil }
        username = String(text[..<colon])
        password = String(text[text.index(after: colon)...])
    }
}
