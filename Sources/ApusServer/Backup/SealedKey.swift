import ApusCore
import CryptoExtras
import Foundation

/// The key file as it lies in a backup, where it would be of no use to encrypt with if it lay there in clear: encrypted
/// with a key that scrypt (RFC 7914) makes of a passphrase.
struct SealedKey: Codable {
    static let name = "secret.key.sealed"

    private static let logCost = 16
    private static let blockSize = 8

    private let logCost: Int
    private let blockSize: Int
    private let salt: Data
    private let sealed: Data

    /// - Parameter key: the text of the key file.
    init(_ key: String, passphrase: String) throws {
        logCost = Self.logCost
        blockSize = Self.blockSize
        salt = Data(SecretBox.randomKey())
        sealed = Data(try Self.box(passphrase, salt, logCost, blockSize).seal(Array(key.utf8), for: Self.name))
    }

    /// - Returns: nil if the passphrase is another.
    func open(passphrase: String) throws -> String? {
        guard (10...20).contains(logCost), (1...16).contains(blockSize) else { return nil }
        return try Self.box(passphrase, salt, logCost, blockSize).open(sealed, for: Self.name)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    private static func box(_ passphrase: String, _ salt: Data, _ logCost: Int, _ blockSize: Int) throws -> SecretBox {
        let key = try KDF.Scrypt.deriveKey(
            from: Array(passphrase.utf8), salt: salt, outputByteCount: SecretBox.keyLength, rounds: 1 << logCost,
            blockSize: blockSize, parallelism: 1, maxMemory: 1 << 30)
        guard let box = SecretBox(key: key.withUnsafeBytes { Array($0) }) else { throw CocoaError(.featureUnsupported) }
        return box
    }

    func write(to directory: String) throws {
        try PrivateFile.write(
            String(decoding: try JSONEncoder().encode(self), as: UTF8.self) + "\n", to: directory + "/" + Self.name)
    }

    static func read(from directory: String) throws -> SealedKey {
        guard let data = FileManager.default.contents(atPath: directory + "/" + name),
            let key = try? JSONDecoder().decode(SealedKey.self, from: data)
        else { throw BackupFailure.damaged(directory, "\(name) cannot be read") }
        return key
    }
}
