import ApusCore
import NIOCore

/// The settings and the secret of a credential, with errors that name the member that is wrong.
struct CredentialFields {
    private let members: JSONMembers
    private let errorCode: String

    /// - Parameters:
    ///   - settings: the names of what anybody may see.
    ///   - secrets: the names of what nobody may see.
    ///   - errorCode: of every error about it.
    /// - Throws: `ApusError` if it is not for this route, is no JSON object of texts or has other members.
    init(
        _ credential: Credential, of route: Route, settings: [String], secrets: [String], errorCode: String
    ) throws(ApusError) {
        self.errorCode = errorCode
        guard credential.route == route else {
            throw Self.error(errorCode, "route", "This is a credential for \(credential.route.rawValue).")
        }
        var members = try Self.members(ByteBuffer(string: credential.settings), known: settings, errorCode)
        let secret = try Self.members(ByteBuffer(bytes: credential.secret), known: secrets, errorCode)
        for name in secret.names { members[name] = secret[name] }
        self.members = members
    }

    /// Empty texts count as missing.
    subscript(name: String) -> String? { members[name] }

    /// - Parameter what: what is missing, as a sentence's subject: "The account's SID".
    func required(_ name: String, _ what: String) throws(ApusError) -> String {
        guard let text = members[name] else { throw error(name, "\(what) is missing (\(name)).") }
        return text
    }

    /// An `https` or `http` URL.
    func address(_ name: String, default text: String) throws(ApusError) -> WebAddress {
        do throws(ApusError) {
            return try WebAddress(members[name] ?? text)
        } catch {
            throw self.error(name, error.message)
        }
    }

    func error(_ name: String, _ message: String) -> ApusError {
        Self.error(errorCode, name, message)
    }

    private static func members(
        _ text: ByteBuffer, known: [String], _ errorCode: String
    ) throws(ApusError) -> JSONMembers {
        let members: JSONMembers
        do {
            members = try JSONMembers(text)
        } catch {
            throw Self.error(errorCode, "settings", "Settings and secrets must be JSON objects of texts: \(error).")
        }
        if let name = members.names.first(where: { !known.contains($0) }) {
            throw error(errorCode, name, "There is no \(name) here. There are: \(known.joined(separator: ", ")).")
        }
        return members
    }

    private static func error(_ code: String, _ field: String, _ message: String) -> ApusError {
        ApusError(.invalid, code: code, message, fields: [ApusError.Field(field, code: "invalid", message)])
    }
}
