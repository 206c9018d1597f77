import ApusCore
import Logging
import NIOCore

/// What is logged at one moment. However it is written, it is one line, and nothing in it can look like another.
struct LogLine {
    let time: Timestamp
    let level: Logger.Level
    let label: String
    let message: String
    /// In the order of its keys.
    let metadata: [(key: String, value: String)]

    /// Characters of the message and of each value; the rest is cut off.
    private static let longest = 4096

    init(
        at time: Timestamp, _ level: Logger.Level, label: String, message: String, metadata: Logger.Metadata
    ) {
        self.time = time
        self.level = level
        self.label = label
        self.message = Self.safe(message)
        self.metadata = metadata.sorted { $0.key < $1.key }.map { ($0.key, Self.safe($0.value)) }
    }

    private static func safe(_ value: Logger.Metadata.Value) -> String {
        // It looks like a secret, and is there to be copied.
        if case .stringConvertible(let position as AuditPosition) = value { return position.description }
        return safe("\(value)")
    }

    private static func safe(_ text: String) -> String {
        let redacted = LogRedaction.redacted(text)
        return redacted.unicodeScalars.count > longest
            ? String(redacted.unicodeScalars.prefix(longest)) + "…" : redacted
    }

    func bytes(_ format: LogFormat) -> ByteBuffer {
        var line = ByteBuffer()
        switch format {
        case .text: line.writeString(text)
        case .json: writeJSON(into: &line)
        }
        line.writeInteger(UInt8(ascii: "\n"))
        return line
    }

    private var text: String {
        let pairs = metadata.map { " \(Self.escaped($0.key))=\(Self.quoted($0.value))" }.joined()
        return "\(time.rfc3339) \(level) \(label): \(Self.escaped(message))\(pairs)"
    }

    private func writeJSON(into line: inout ByteBuffer) {
        line.writeJSONObject { object in
            object.member("time", string: time.rfc3339)
            object.member("level", string: level.rawValue)
            object.member("label", string: label)
            object.member("message", string: message)
            object.member("metadata") { members in
                for (key, value) in metadata { members.member(key: key, string: value) }
            }
        }
    }

    private static func quoted(_ value: String) -> String {
        let isPlain = !value.isEmpty && !value.contains { $0 == " " || $0 == "\"" || $0 == "=" }
        return isPlain ? escaped(value) : "\"" + escaped(value, quote: true) + "\""
    }

    /// Writes what ends a line, moves the cursor or cannot be seen as `\u{…}`, and a backslash as two.
    private static func escaped(_ text: String, quote: Bool = false) -> String {
        var output = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                output.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
            default:
                if scalar == "\\" || (quote && scalar == "\"") { output.append("\\") }
                output.append(scalar)
            }
        }
        return String(output)
    }
}
