import Crypto

/// Makes the seals of the audit: HMAC-SHA-256 with keys derived from the key file, so that who can write the database,
/// but does not have that file, cannot make an audit that holds.
///
/// An entry's seal is over its predecessor's seal, its number and time (64 bits each, the highest byte first) and its
/// actor, address, act, object and details, each as the number of its bytes (32 bits, the highest first) and UTF-8. The
/// head's is over the number and the seal of the last entry.
package struct AuditSeals: Sendable {
    /// Bytes of a seal.
    package static let length = 32
    /// What stands in the place of the first entry's predecessor.
    static let none = [UInt8](repeating: 0, count: length)

    private let entries: SymmetricKey
    private let heads: SymmetricKey
    private let fingerprints: SymmetricKey

    package init(_ box: SecretBox) {
        entries = SymmetricKey(data: box.derivedKey(for: "audit entries"))
        heads = SymmetricKey(data: box.derivedKey(for: "audit head"))
        fingerprints = SymmetricKey(data: box.derivedKey(for: "audit fingerprints"))
    }

    /// The entry that follows `previous`.
    func entry(_ act: AuditAct, sequence: Int64, at time: Timestamp, after previous: [UInt8]) -> AuditEntry {
        AuditEntry(
            sequence: sequence, at: time, act: act, previous: previous,
            seal: seal(act, sequence: sequence, at: time, after: previous))
    }

    func seal(_ act: AuditAct, sequence: Int64, at time: Timestamp, after previous: [UInt8]) -> [UInt8] {
        var input = previous
        Self.append(sequence, to: &input)
        Self.append(time.milliseconds, to: &input)
        for text in [act.actor, act.address, act.name, act.object, act.details] {
            withUnsafeBytes(of: UInt32(text.utf8.count).bigEndian) { input.append(contentsOf: $0) }
            input.append(contentsOf: text.utf8)
        }
        return Array(HMAC<SHA256>.authenticationCode(for: input, using: entries))
    }

    func head(_ last: AuditPosition, message: MessageID) -> AuditHead {
        var input: [UInt8] = []
        Self.append(last.sequence, to: &input)
        input.append(contentsOf: last.seal)
        return AuditHead(
            sequence: last.sequence, seal: Array(HMAC<SHA256>.authenticationCode(for: input, using: heads)),
            message: message)
    }

    /// Whether the head says that this is the last entry.
    func holds(_ head: AuditHead, for last: AuditPosition) -> Bool {
        ConstantTime.isEqual(head.seal, self.head(last, message: head.message).seal)
    }

    /// Tells secrets apart, also those that people chose, without a way to try which one it is.
    func fingerprint(of secret: SecretHash) -> String {
        Hex.encode(Array(HMAC<SHA256>.authenticationCode(for: secret.bytes, using: fingerprints).prefix(8)))
    }

    private static func append(_ number: Int64, to input: inout [UInt8]) {
        withUnsafeBytes(of: number.bigEndian) { input.append(contentsOf: $0) }
    }
}
