import ApusCore
import Foundation
import Testing

@Suite("Reason")
struct ReasonTests {
    @Test("a code has the reason that says most of it")
    func lookup() {
        #expect(Reason(code: "failed.apns.Unregistered")?.code == "apns.Unregistered")
        #expect(Reason(code: "apns.BadTopic")?.code == "apns.*")
        #expect(Reason(code: "jpush.unknown")?.code == "*.unknown")
        #expect(Reason(code: "webpush.507")?.code == "webpush.5*")
        #expect(Reason(code: "umeng.503")?.code == "*.503")
        #expect(Reason(code: "waits.offline")?.effect == .waits)
        for other in ["accepted", "matched.alias", "sent", "nobody.knows", ""] { #expect(Reason(code: other) == nil) }
    }

    @Test("no code is there twice, and each has a sentence")
    func unique() {
        #expect(Set(Reason.all.map(\.code)).count == Reason.all.count)
        for reason in Reason.all { #expect(reason.text.hasSuffix(".") && reason.text.count > 10, "\(reason.code)") }
    }

    @Test("the guide has the same table")
    func documentation() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../../Documentation/reasons.md").standardized
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").filter { $0.hasPrefix("| `") }
        let documented = lines.map { $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }
        #expect(
            documented.filter { $0.count == 3 }
                == Reason.all.map { ["`\($0.code)`", "`\($0.effect.rawValue)`", $0.text] })
        #expect(
            Set(documented.filter { $0.count == 2 }.map { $0[0] })
                == Set(Reason.Effect.allCases.map { "`\($0.rawValue)`" }))
    }

    /// Codes that are written down in the sources of vendors' routes.
    @Test(
        "every code that a vendor's route can give is a reason", arguments: ["ApusProviders", "ApusAPNs", "ApusXMPP"])
    func sources(_ target: String) throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../../Sources/\(target)").standardized
        let files = try #require(FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil))
        var found = 0
        for case let file as URL in files where file.pathExtension == "swift" {
            let text = try String(contentsOf: file, encoding: .utf8)
            let literal = /code: "((?:apns|webpush|fcm|umeng|jpush|getui|unifiedpush)[._][A-Za-z_.-]+)"/
            for match in text.matches(of: literal) {
                let code = String(match.1)
                // What is accepted is no reason; wrong credentials and calls are answered to who made them.
                guard !["accepted", "received", "sent"].contains(where: code.hasSuffix),
                    !["credential", "filter", "aliases", "lane", "message"].contains(where: { code.contains("_\($0)_") }
                    )
                else { continue }
                found += 1
                let reason = Reason(code: code)
                #expect(reason != nil && (reason?.code.hasSuffix("*") == false), "\(code) in \(file.lastPathComponent)")
            }
        }
        #expect(found > 3)
    }
}
