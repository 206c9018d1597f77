import ApusCore
import ApusSimulators
import Crypto

/// Makes provider tokens, right and wrong ones.
struct ProviderTokenForge {
    static let bundleID = "com.example.app"

    let key = P256.Signing.PrivateKey()
    let keyID: String
    let teamID: String

    init(keyID: String = "KEY0000001", teamID: String = "TEAM000001") {
        self.keyID = keyID
        self.teamID = teamID
    }

    var team: APNsTeam { team() }

    func team(environment: APNsServiceEnvironment? = nil, and others: ProviderTokenForge...) -> APNsTeam {
        let keys = ([self] + others).map {
            APNsSigningKey(id: $0.keyID, publicKey: $0.key.publicKey, environment: environment)
        }
        return APNsTeam(id: teamID, keys: keys, bundleIDs: [Self.bundleID])
    }

    /// The authorization header of a token that was issued `age` seconds before `now`.
    func authorization(at now: Timestamp, age: Int64 = 0, isText: Bool = false) throws -> String {
        let time = now.milliseconds / 1000 - age
        let issuedAt = isText ? "\"\(time)\"" : "\(time)"
        return try authorization(
            header: #"{"alg":"ES256","kid":"\#(keyID)"}"#, claims: #"{"iss":"\#(teamID)","iat":\#(issuedAt)}"#)
    }

    func authorization(header: String, claims: String) throws -> String {
        let signed = "\(Self.encode(header.utf8)).\(Self.encode(claims.utf8))"
        let signature = try key.signature(for: Array(signed.utf8)).rawRepresentation
        return "bearer \(signed).\(Self.encode(signature))"
    }

    /// Base 64 for URLs, without padding.
    static func encode(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        var text = ""
        var bits: UInt32 = 0
        var count = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 6 {
                count -= 6
                text.append(digits[Int(bits >> count & 63)])
            }
        }
        if count > 0 { text.append(digits[Int(bits << (6 - count) & 63)]) }
        return text
    }
}
