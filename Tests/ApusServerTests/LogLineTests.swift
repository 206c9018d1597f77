import ApusCore
import Foundation
import Logging
import NIOCore
import Synchronization
import Testing

@testable import ApusServer

@Suite("Log lines")
struct LogLineTests {
    private func line(_ message: String, _ metadata: Logger.Metadata = [:], _ format: LogFormat) -> String {
        let line = LogLine(
            at: Timestamp(milliseconds: 1_795_000_000_123), .info, label: "apus", message: message, metadata: metadata)
        return String(buffer: line.bytes(format))
    }

    @Test("a text line has time, level, label, message and the metadata in order")
    func text() {
        #expect(
            line("commit failed", ["operations": "3", "error": "disk full", "empty": ""], .text)
                == "2026-11-18T11:06:40.123Z info apus: commit failed empty=\"\" error=\"disk full\" operations=3\n")
    }

    @Test("a JSON line has the same")
    func json() throws {
        let object = try JSONSerialization.jsonObject(
            with: Data(line("commit failed", ["a key": "1", "list": ["x", "y"]], .json).utf8))
        let members = try #require(object as? [String: Any])
        #expect(members["time"] as? String == "2026-11-18T11:06:40.123Z")
        #expect(members["level"] as? String == "info" && members["label"] as? String == "apus")
        #expect(members["message"] as? String == "commit failed")
        #expect(members["metadata"] as? [String: String] == ["a key": "1", "list": #"["x", "y"]"#])
    }

    /// What must not end a line, hide a part of it, or move a terminal's cursor.
    static let hostile = [
        "a\n2026-11-18T10:26:40.123Z error apus: forged", "a\r\nb", "\u{0}\u{1B}[2J", "\u{2028}\u{2029}\u{85}",
        "\u{202E}drawkcab", "\"quotes\" and \\ and =", "\u{FFFD}\u{D7FF}\u{10FFFF}",
        String(decoding: [0x66, 0xFF, 0xFE, 0x80, 0x0A], as: UTF8.self),
    ]

    @Test("whatever is logged, it is one line that nothing in it can forge", arguments: hostile)
    func oneLine(text: String) throws {
        for format in LogFormat.allCases {
            let line = line(text, [text: "\(text)"], format)
            #expect(line.hasSuffix("\n"))
            let visible = line.dropLast().unicodeScalars
            let isClean = visible.allSatisfy { ![.control, .lineSeparator].contains($0.properties.generalCategory) }
            #expect(format == .json ? !visible.contains("\n") : isClean)
        }
        let object = try JSONSerialization.jsonObject(with: Data(line(text, [text: "\(text)"], .json).utf8))
        let members = try #require(object as? [String: Any])
        #expect(members["message"] as? String == text)
        #expect(members["metadata"] as? [String: String] == [text: text])
    }

    @Test("a value with spaces, quotes or equals signs cannot be taken for several")
    func quoting() {
        #expect(line("m", ["a": "1 b=2"], .text).hasSuffix("m a=\"1 b=2\"\n"))
        #expect(line("m", ["a": "\" b=\""], .text).hasSuffix("m a=\"\\\" b=\\\"\"\n"))
    }

    @Test(
        "of device ids, keys and tokens the first six characters stay, wherever they stand",
        arguments: [
            "4816c3b926f50f585d4c694b01330b10", String(repeating: "AB12cd", count: 10),
            "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM",
        ])
    func redaction(secret: String) {
        for format in LogFormat.allCases {
            let line = line(
                "device \(secret), \(secret)/x", ["device": "\(secret)", "error": "at /push/\(secret)?"], format)
            #expect(!line.contains(secret))
            #expect(line.contains("device \(secret.prefix(6))…,"))
        }
    }

    @Test(
        "names, addresses and message ids stay",
        arguments: [
            "3764918493089103872", "a-rather-long-name-of-a-host-in-a-cluster-07.example.org",
            "/tmp/pytest-of-root/pytest-12/test_a_broken_certificate_keeps_the_old_one0/server.pem",
        ])
    func harmless(text: String) {
        #expect(LogRedaction.redacted(text) == text)
    }

    @Test("the audit's head is there in full, to be kept elsewhere")
    func head() throws {
        let text = "17:" + String(repeating: "4816c3b9", count: 8)
        let head = try #require(AuditPosition(text))
        #expect(line("the audit is open", ["head": .stringConvertible(head)], .text).hasSuffix(" head=\(text)\n"))
        #expect(!line("the audit is open", ["head": "\(text)"], .text).contains(text))
    }

    @Test("a long text is cut")
    func cut() {
        #expect(line(String(repeating: "a b ", count: 100_000), [:], .text).utf8.count < 5000)
    }

    @Test("level and format change for every logger at once, unless it has a level of its own")
    func settings() {
        let lines = Lines()
        let output = LogOutput(LogOutput.Settings()) { line in lines.add(String(buffer: line)) }
        let logger = Logger(label: "a") { LineLogHandler(label: $0, output: output) }
        var own = Logger(label: "b") { LineLogHandler(label: $0, output: output) }
        own.logLevel = .error
        logger.debug("1")
        output.settings.replace(with: LogOutput.Settings(level: .debug, format: .json))
        logger.debug("2")
        own.debug("3")
        #expect(lines.all.count == 1)
        #expect(lines.all.first?.contains(#""message":"2""#) == true)
    }
}

private final class Lines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    func add(_ line: String) { lines.withLock { $0.append(line) } }
}
