import ArgumentParser
import Crypto
import Foundation

/// A key as Apple makes them for developer teams.
enum SimulatedKey {
    static func write(to path: String) throws {
        guard !FileManager.default.fileExists(atPath: path) else { return }
        do {
            let pem = P256.Signing.PrivateKey().pemRepresentation + "\n"
            try pem.write(toFile: path, atomically: true, encoding: .utf8)
        } catch {
            throw ValidationError("The key cannot be written to \(path).")
        }
    }
}
