import ApusCore
import Foundation
import Testing

@testable import ApusServer

@Suite("The key file")
struct KeyFileTests {
    /// A directory with a key in a file of these permissions, and a link to it.
    private func withLink(_ permissions: Int, _ body: (_ file: String, _ link: String) throws -> Void) throws {
        let directory = NSTemporaryDirectory() + "apus-key-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let (file, link) = (directory + "/key", directory + "/link")
        let text = Data(SecretBox.randomKey()).base64EncodedString()
        #expect(
            FileManager.default.createFile(
                atPath: file, contents: Data(text.utf8), attributes: [.posixPermissions: permissions]))
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "key")
        try body(file, link)
    }

    @Test("may be a link, as secrets are given to containers")
    func link() throws {
        try withLink(0o600) { file, link in
            let (own, linked) = (try KeyFile.openExisting(file), try KeyFile.openExisting(link))
            #expect(own.check == linked.check)
        }
    }

    @Test("is refused if others can read it, whether a link leads there or not")
    func permissions() throws {
        try withLink(0o640) { file, link in
            for path in [file, link] {
                #expect(throws: StartingError.self) { _ = try KeyFile.openExisting(path) }
            }
        }
    }
}
