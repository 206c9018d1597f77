import CryptoExtras

/// A password as it is kept: `scrypt$<log2 of the cost>$<block size>$<salt>$<hash>` (RFC 7914), salt and hash in
/// base 64.
///
/// Making and checking one takes tens of milliseconds and 16 MB, so neither is done on an event loop or in a commit.
package struct PasswordHash: Sendable, Equatable {
    private static let scheme = "scrypt"
    private static let logCost = 14
    private static let blockSize = 8
    private static let length = 32

    private let logCost: Int
    private let blockSize: Int
    private let salt: [UInt8]
    private let hash: [UInt8]

    /// Hashes a password with a new salt.
    package init(of password: String) {
        var generator = SystemRandomNumberGenerator()
        logCost = Self.logCost
        blockSize = Self.blockSize
        salt = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        hash = Self.derive(password, salt, logCost, blockSize)
    }

    /// - Returns: nil if the text is something else, a password in clear for example.
    package init?(_ text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 5, parts[0] == Self.scheme, let logCost = Int(parts[1]), (10...17).contains(logCost),
            let blockSize = Int(parts[2]), (1...16).contains(blockSize), let salt = Base64.decode(parts[3]),
            let hash = Base64.decode(parts[4]), hash.count == Self.length
        else { return nil }
        self.logCost = logCost
        self.blockSize = blockSize
        self.salt = salt
        self.hash = hash
    }

    /// What is checked when there is no such user, so that it takes as long as if there were one.
    package static let decoy = PasswordHash(of: RandomToken.hex128())

    package var text: String {
        "\(Self.scheme)$\(logCost)$\(blockSize)$\(Base64.encode(salt))$\(Base64.encode(hash))"
    }

    package func matches(_ password: String) -> Bool {
        ConstantTime.isEqual(hash, Self.derive(password, salt, logCost, blockSize))
    }

    private static func derive(_ password: String, _ salt: [UInt8], _ logCost: Int, _ blockSize: Int) -> [UInt8] {
        let key = try? KDF.Scrypt.deriveKey(
            from: Array(password.utf8), salt: salt, outputByteCount: length, rounds: 1 << logCost,
            blockSize: blockSize, parallelism: 1, maxMemory: 256 << 20)
        // It fails when there is no memory; nothing then matches.
        return key?.withUnsafeBytes { Array($0) } ?? []
    }
}
