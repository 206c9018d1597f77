import Foundation

/// Files made with the `openssl` command, in a folder of their own that is removed with this.
final class OpenSSL: Sendable {
    struct Failure: Error {
        let arguments: [String]
        let output: String
    }

    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("apus-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    func bytes(_ name: String) throws -> [UInt8] { try Array(Data(contentsOf: folder.appendingPathComponent(name))) }

    func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: folder.appendingPathComponent(name))
    }

    /// Runs a command, its words separated by spaces, in the folder.
    func run(_ command: String) throws {
        try run(arguments: command.split(separator: " ").map(String.init))
    }

    func run(arguments: [String]) throws {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.currentDirectoryURL = folder
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(arguments: arguments, output: text) }
    }

    /// A key `<name>.key` on P-256 and a certificate `<name>.pem` that it signs itself.
    /// - Parameters:
    ///   - subject: as `/CN=…`.
    ///   - extensions: lines as in openssl's configuration.
    func makeCertificate(_ name: String, subject: String, days: Int = 365, extensions: [String] = []) throws {
        try run("ecparam -name prime256v1 -genkey -noout -out \(name).key")
        var arguments = ["req", "-x509", "-new", "-key", "\(name).key", "-out", "\(name).pem", "-days", "\(days)"]
        arguments += ["-subj", subject]
        for line in extensions { arguments += ["-addext", line] }
        try run(arguments: arguments)
    }
}

extension Data {
    /// Reads base 64 for URLs, without padding (RFC 7515 §2).
    init?(base64URL text: String) {
        let standard = text.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
        self.init(base64Encoded: standard + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4))
    }
}
