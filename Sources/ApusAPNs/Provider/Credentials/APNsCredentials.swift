package import ApusCore

/// How a lane proves to APNs that it may send.
package enum APNsCredentials: Sendable {
    case token(SigningKey)
    case certificate(ClientCertificate)

    /// Token authentication, with a key that does not expire and serves all topics of a team.
    /// - Parameters:
    ///   - p8: the content of Apple's `AuthKey_….p8`.
    ///   - keyID: the ten characters in that file's name.
    ///   - teamID: the ten characters of the developer team.
    package static func token(p8: String, keyID: String, teamID: String) throws(ApusError) -> APNsCredentials {
        .token(try SigningKey(p8: p8, keyID: keyID, teamID: teamID))
    }

    /// Certificate authentication.
    /// - Parameters:
    ///   - pemOrP12: a PEM file that holds certificate and key, or a PKCS #12 file.
    ///   - passphrase: of the key or the file; nil if it has none.
    package static func certificate(
        pemOrP12 file: [UInt8], passphrase: String? = nil
    ) throws(ApusError) -> APNsCredentials {
        .certificate(try ClientCertificate(pemOrP12: file, passphrase: passphrase))
    }

    static func error(_ code: String, _ message: String) -> ApusError {
        ApusError(.invalid, code: code, message)
    }
}
