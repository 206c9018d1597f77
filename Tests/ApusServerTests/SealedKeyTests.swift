import Foundation
import Testing

@testable import ApusServer

@Suite("The key file in a backup")
struct SealedKeyTests {
    @Test("opens with its passphrase only")
    func passphrase() throws {
        let sealed = try SealedKey("the key\n", passphrase: "correct horse")
        #expect(try sealed.open(passphrase: "correct horse") == "the key\n")
        #expect(try sealed.open(passphrase: "correct horsf") == nil)
        #expect(try sealed.open(passphrase: "") == nil)
    }

    @Test("does not open once it was changed")
    func tampered() throws {
        let sealed = try SealedKey("the key\n", passphrase: "p")
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        var text = String(decoding: try encoder.encode(sealed), as: UTF8.self)
        let end = try #require(text.firstMatch(of: /"sealed":"(..)/))
        text.replaceSubrange(end.1.startIndex..<end.1.endIndex, with: end.1 == "AA" ? "BB" : "AA")
        let changed = try JSONDecoder().decode(SealedKey.self, from: Data(text.utf8))
        #expect(try changed.open(passphrase: "p") == nil)
    }

    @Test("does not spend more memory than it was made with, whatever the file asks for")
    func cost() throws {
        let text = #"{"logCost":30,"blockSize":8,"salt":"AAAA","sealed":"AAAA"}"#
        #expect(try JSONDecoder().decode(SealedKey.self, from: Data(text.utf8)).open(passphrase: "p") == nil)
    }
}
