import ApusCore
import Crypto

/// The digest of legacy authentication (XEP-0078 §3.2) and, with the secret for a password, of the handshake of a
/// component (XEP-0114 §3): SHA-1 of the stream's id and the password, in hex. It needs the password itself.
package enum LegacyDigest {
    package static func hex(streamID: String, password: String) -> String {
        Hex.encode(Insecure.SHA1.hash(data: Array(streamID.utf8) + Array(password.utf8)))
    }

    /// Whether `digest` proves the password. Takes the same time however much of it is right.
    package static func matches(_ digest: String, streamID: String, password: String) -> Bool {
        let expected = hex(streamID: streamID, password: password)
        return ConstantTime.isEqual(Array(digest.lowercased().utf8), Array(expected.utf8))
    }
}
