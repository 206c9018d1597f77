import ApusCore
import NIOCore

/// What the credentials of vendors have in common: `endpoint` and `requestsPerMinute`.
extension CredentialFields {
    /// - Parameter settings: the names of the vendor's own.
    init(
        _ credential: Credential, ofVendor route: Route, settings: [String], secrets: [String] = ["masterSecret"]
    ) throws(ApusError) {
        try self.init(
            credential, of: route, settings: settings + ["endpoint", "requestsPerMinute"], secrets: secrets,
            errorCode: "\(route.rawValue)_credential_invalid")
    }

    /// A name or a key that a vendor gave.
    func key(_ name: String, _ what: String) throws(ApusError) -> String {
        let text = try required(name, what)
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !text.contains("/") else {
            throw error(name, "\(what) (\(name)) must be visible ASCII characters without spaces and slashes.")
        }
        return text
    }

    func flag(_ name: String, default value: Bool) throws(ApusError) -> Bool {
        switch self[name] {
        case nil: value
        case "true": true
        case "false": false
        default: throw error(name, "\(name) must be true or false.")
        }
    }

    /// Where requests go, without a slash at its end.
    func endpoint(_ name: String = "endpoint", default origin: String) throws(ApusError) -> String {
        var text = try address(name, default: origin).text
        while text.hasSuffix("/") { text.removeLast() }
        guard !text.contains("?") else { throw error(name, "\(name) must be a URL without a query.") }
        return text
    }

    func requestsPerMinute(default usual: Int?) throws(ApusError) -> Int? {
        guard let text = self["requestsPerMinute"] else { return usual }
        guard let number = Int(text), number > 0 else {
            throw error("requestsPerMinute", "requestsPerMinute must be a whole number above 0.")
        }
        return number
    }
}

extension Credential {
    /// The settings, read again.
    var members: JSONMembers { (try? JSONMembers(ByteBuffer(string: settings))) ?? JSONMembers() }
}
