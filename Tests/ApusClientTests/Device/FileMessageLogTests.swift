import ApusClient
import Foundation
import Testing

@Suite("A message log in a file")
final class FileMessageLogTests {
    private let directory = FileManager.default.temporaryDirectory.appendingPathComponent("apus-\(UUID().uuidString)")
    private var url: URL { directory.appendingPathComponent("device.log") }

    deinit {
        try? FileManager.default.removeItem(at: directory)
    }

    private func receipts(_ numbers: some Sequence<Int>) -> [MessageLogEntry] {
        numbers.map { .receipt(Receipt($0.isMultiple(of: 2) ? .confirmed : .read, of: "\($0)")) }
    }

    private func note(_ entries: [MessageLogEntry], capacity: Int = 1000) throws {
        let log = try FileMessageLog(url: url, capacity: capacity)
        for entry in entries { try log.note(entry) }
    }

    @Test("what is noted is there for the next process")
    func survives() throws {
        try note(receipts(1...3))
        try note([.heard] + receipts(4...4))
        #expect(try FileMessageLog(url: url).entries == receipts(1...3) + [.heard] + receipts(4...4))
    }

    @Test("a line that was not finished is left out, and so is one that is not understood")
    func torn() throws {
        try note(receipts(1...2))
        let file = try FileHandle(forWritingTo: url)
        try file.seekToEnd()
        try file.write(contentsOf: Data("\u{0}\u{0}\nCFM\nSEEN 7\nCFM 8\nCFM 123".utf8))
        try file.close()
        let log = try FileMessageLog(url: url)
        #expect(log.entries == receipts([1, 2, 8]))
        try log.note(.heard)
        #expect(try FileMessageLog(url: url).entries == receipts([1, 2, 8]) + [.heard])
    }

    @Test("only the last entries are kept, and the file does not grow without end")
    func bounded() throws {
        try note(receipts(1...1000), capacity: 10)
        let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
        #expect(lines.count <= 21)
        #expect(try FileMessageLog(url: url, capacity: 10).entries == receipts(991...1000))
    }

    @Test("a file that is no log is moved aside, not overwritten")
    func corrupt() throws {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let content = Data(repeating: 0, count: 4096)
        try content.write(to: url)
        let log = try FileMessageLog(url: url)
        #expect(log.entries.isEmpty)
        try log.note(.heard)
        #expect(try Data(contentsOf: url.appendingPathExtension("corrupt")) == content)
        #expect(try FileMessageLog(url: url).entries == [.heard])
    }

    @Test("an id that would break the lines is not noted")
    func strangeID() throws {
        try note([.receipt(Receipt(.read, of: "1\nCFM 2")), .receipt(Receipt(.read, of: "3"))])
        #expect(try FileMessageLog(url: url).entries == [.receipt(Receipt(.read, of: "3"))])
    }

    @Test("a write that fails says so, and later ones mend the file")
    func failedWrite() throws {
        let log = try FileMessageLog(url: url, capacity: 1)
        let away = directory.appendingPathExtension("away")
        try FileManager.default.moveItem(at: directory, to: away)
        try log.note(.heard)
        #expect(throws: (any Error).self) { try log.note(.heard) }
        try FileManager.default.moveItem(at: away, to: directory)
        try log.note(.receipt(Receipt(.read, of: "3")))
        #expect(try FileMessageLog(url: url).entries.last == .receipt(Receipt(.read, of: "3")))
    }
}
