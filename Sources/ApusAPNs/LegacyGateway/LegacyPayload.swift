import ApusCore
import NIOCore

/// Tells whether a payload can be forwarded.
package enum LegacyPayload {
    package enum Mode: String, Sendable {
        /// It must be JSON.
        case strict
        /// It may have what old programs do to JSON; that is mended.
        case lenient
    }

    enum Verdict: Equatable {
        case valid
        case repaired(ByteBuffer)
        case invalid
    }

    /// What APNs takes, in bytes. Mending may make a payload longer.
    private static let longestRepaired = 4096

    static func judge(_ payload: ByteBuffer, _ mode: Mode) -> Verdict {
        if isJSONObject(payload) { return .valid }
        guard mode == .lenient else { return .invalid }
        let repaired = repair(payload)
        guard repaired.readableBytes <= longestRepaired, isJSONObject(repaired) else { return .invalid }
        return .repaired(repaired)
    }

    /// Whether a valid payload has nothing to show, play or count, only something to fetch.
    static func isSilent(_ payload: ByteBuffer) -> Bool {
        var isSilent = false
        try? JSONScanner.withObject(in: payload) { scanner in
            while let key = try scanner.nextKey() {
                if key == "aps", try scanner.kind() == .object {
                    isSilent = try Self.isSilent(dictionary: &scanner)
                } else {
                    try scanner.skipValue()
                }
            }
        }
        return isSilent
    }

    private static func isSilent(dictionary scanner: inout JSONScanner) throws -> Bool {
        var fetches = false
        var disturbs = false
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "content-available": fetches = true
            case "alert", "badge", "sound": disturbs = true
            default: break
            }
            try scanner.skipValue()
        }
        return fetches && !disturbs
    }

    /// Undoes what the programs of seed 001 and their like do: characters that are cut in two (the alert is shortened by
    /// bytes), control characters that are not escaped, a byte order mark, and C's null byte at the end.
    private static func repair(_ payload: ByteBuffer) -> ByteBuffer {
        var text = String(decoding: payload.readableBytesView, as: UTF8.self).unicodeScalars
        text.removeAll { $0 == "\u{FFFD}" }
        if text.first == "\u{FEFF}" { text.removeFirst() }
        while text.last == "\0" { text.removeLast() }
        var repaired = ByteBuffer()
        var isInString = false
        var isEscaped = false
        for scalar in text {
            if isInString, scalar.value < 0x20 {
                repaired.writeString(escaped(scalar))
            } else {
                repaired.writeString(String(scalar))
            }
            if scalar == "\"", !isEscaped { isInString.toggle() }
            isEscaped = scalar == "\\" && isInString && !isEscaped
        }
        return repaired
    }

    private static func escaped(_ control: Unicode.Scalar) -> String {
        switch control {
        case "\t": "\\t"
        case "\n": "\\n"
        case "\r": "\\r"
        default: (control.value < 0x10 ? "\\u000" : "\\u00") + String(control.value, radix: 16)
        }
    }

    private static func isJSONObject(_ text: ByteBuffer) -> Bool {
        do {
            try JSONScanner.withObject(in: text) { scanner in
                while try scanner.nextKey() != nil { try scanner.skipValue() }
            }
            return true
        } catch {
            return false
        }
    }
}
