import Foundation
import Logging
import Testing

@testable import ApusServer

@Suite("What can be changed while the server runs")
struct ConfigurationChangeTests {
    @Test("what can be changed is, and what cannot is named and stays")
    func change() {
        var wanted = Configuration()
        wanted.limits.appRate = 7
        wanted.log.level = .debug
        wanted.server.port = 9
        wanted.xmpp.domain = "example.org"
        let change = ConfigurationChange(from: Configuration(), to: wanted)
        #expect(change.changed == ["log.level", "limits.app_rate"])
        #expect(change.needRestart == ["server.port", "xmpp.domain"])
        #expect(change.result.limits.appRate == 7 && change.result.log.level == Logger.Level.debug)
        #expect(change.result.server.port == 8080 && change.result.xmpp.domain == "localhost")
    }

    @Test("a value that is taken back needs no restart any more")
    func takenBack() {
        var current = Configuration()
        current.limits.body = 2048
        let change = ConfigurationChange(from: current, to: Configuration())
        #expect(change.changed == ["limits.body"] && change.needRestart.isEmpty)
        #expect(change.result.limits.body == Configuration().limits.body)
    }

    @Test("each key copies its own member and no other")
    func copies() {
        for key in ConfigurationKey.all {
            var wanted = Configuration()
            // Any other value that the key takes.
            let values = [
                "1", "2", "2000", "true", "false", "1s", "2m", "2h", "1KB", "2KB", "text", "debug", "json", "1.3",
                "strict", "a=b", "off",
            ]
            guard
                let other = values.first(where: { value in
                    var copy = Configuration()
                    return key.assign(value, &copy) && key.text(copy) != key.defaultText
                })
            else {
                Issue.record("no other value for \(key.name), which is \(key.expected)")
                continue
            }
            _ = key.assign(other, &wanted)
            var result = Configuration()
            key.copy(wanted, &result)
            #expect(key.text(result) == key.text(wanted), "\(key.name)")
            #expect(ConfigurationKey.all.allSatisfy { $0.name == key.name || $0.text(result) == $0.defaultText })
        }
    }
}

@Suite("Watching files")
struct FileWatchTests {
    private let directory = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)

    private func stamps(_ texts: [String?]) throws -> [FileWatch.Stamp?] {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        return try texts.enumerated().map { index, text in
            let path = directory.appendingPathComponent("\(index)").path
            guard let text else { return FileWatch.Stamp(path) }
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            return FileWatch.Stamp(path)
        }
    }

    @Test("files are read once they have changed and are at rest")
    func rest() throws {
        let (first, half, both) = (try stamps(["a", "b"]), try stamps(["c", nil]), try stamps(["c", "d"]))
        #expect(first != both && half != both)
        var watch = FileWatch(first)
        let reads = [first, half, both, both, both, first, first].map { watch.observe($0) }
        #expect(reads == [false, false, false, true, false, false, true])
    }

    @Test("what was read for another reason is not read again")
    func taken() throws {
        let (first, second) = (try stamps(["a"]), try stamps(["b"]))
        var watch = FileWatch(first)
        let isRead = watch.observe(second)
        watch.take(second)
        let isReadAgain = watch.observe(second)
        #expect(!isRead && !isReadAgain)
    }
}
