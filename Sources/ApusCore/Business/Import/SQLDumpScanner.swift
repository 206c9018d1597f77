/// The words of MySQL's SQL, as far as dumps use them: names, strings with escapes, numbers, hex, NULL, comments.
struct SQLDumpScanner {
    private let bytes: [UInt8]
    private var position = 0
    /// Counted as far as `counted`.
    private var lines = 1
    private var counted = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The line that is read.
    var line: Int {
        mutating get {
            lines += bytes[counted..<position].count { $0 == UInt8(ascii: "\n") }
            counted = position
            return lines
        }
    }

    private var byte: UInt8? { position < bytes.count ? bytes[position] : nil }

    // MARK: Statements

    /// Steps over white space, comments and empty statements.
    /// - Returns: whether a statement follows.
    mutating func skipToStatement() -> Bool {
        repeat { skipSpace() } while take(byte: UInt8(ascii: ";"))
        return position < bytes.count
    }

    /// Steps behind the statement's semicolon.
    mutating func skipStatement() {
        while let byte {
            switch byte {
            case UInt8(ascii: ";"):
                position += 1
                return
            case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "`"):
                skipQuoted(byte)
            default:
                if isComment { skipSpace() } else { position += 1 }
            }
        }
    }

    private mutating func skipQuoted(_ quote: UInt8) {
        position += 1
        while let byte {
            position += byte == UInt8(ascii: "\\") && quote != UInt8(ascii: "`") ? 2 : 1
            if byte == quote { return }
        }
        position = min(position, bytes.count)
    }

    // MARK: Space

    private var isComment: Bool {
        starts("--") || starts("#") || starts("/*")
    }

    private func starts(_ text: StaticString) -> Bool {
        let end = position + text.utf8CodeUnitCount
        guard end <= bytes.count else { return false }
        return text.withUTF8Buffer { bytes[position..<end].elementsEqual($0) }
    }

    private mutating func skipSpace() {
        while let byte {
            if byte == 0x20 || (0x09...0x0D).contains(byte) {
                position += 1
            } else if starts("/*") {
                position += 2
                while position < bytes.count, !starts("*/") { position += 1 }
                position = min(position + 2, bytes.count)
            } else if isComment {
                while let byte = self.byte, byte != UInt8(ascii: "\n") { position += 1 }
            } else {
                return
            }
        }
    }

    // MARK: Words

    private mutating func take(byte wanted: UInt8) -> Bool {
        guard byte == wanted else { return false }
        position += 1
        return true
    }

    private mutating func takeMark(_ mark: UInt8) -> Bool {
        skipSpace()
        return take(byte: mark)
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...:
            true
        default: false
        }
    }

    private mutating func word() -> String {
        let start = position
        while let byte, Self.isWord(byte) { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    /// Steps over a keyword, if it is the one.
    mutating func take(_ keyword: String) -> Bool {
        skipSpace()
        let start = position
        if word().uppercased() == keyword { return true }
        position = start
        return false
    }

    /// A name, in backticks or without; of `database.table` the latter.
    mutating func name() throws(DumpProblem) -> String {
        skipSpace()
        let name: String
        if byte == UInt8(ascii: "`") || byte == UInt8(ascii: "\"") {
            let start = position + 1
            skipQuoted(bytes[position])
            name = String(decoding: bytes[start..<max(start, position - 1)], as: UTF8.self)
        } else {
            name = word()
        }
        guard !name.isEmpty else { throw DumpProblem(line: line, "a name is missing") }
        return takeMark(UInt8(ascii: ".")) ? try self.name() : name
    }

    /// The names in parentheses; nil if there are none.
    mutating func columnList() throws(DumpProblem) -> [String]? {
        guard takeMark(UInt8(ascii: "(")) else { return nil }
        var names: [String] = []
        repeat { names.append(try name()) } while takeMark(UInt8(ascii: ","))
        guard takeMark(UInt8(ascii: ")")) else { throw DumpProblem(line: line, "a ) is missing") }
        return names
    }

    /// The columns that a table is made with. mysqldump writes their names, and no others, in backticks in front.
    mutating func columnDefinitions() throws(DumpProblem) -> [String] {
        guard takeMark(UInt8(ascii: "(")) else { throw DumpProblem(line: line, "the columns are missing") }
        var names: [String] = []
        while true {
            skipSpace()
            if byte == UInt8(ascii: "`") { names.append(try name()) }
            guard skipDefinition() else { return names }
        }
    }

    /// - Returns: whether another definition follows.
    private mutating func skipDefinition() -> Bool {
        var depth = 0
        while let byte {
            switch byte {
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")"):
                if depth == 0 { return false }
                depth -= 1
            case UInt8(ascii: ",") where depth == 0:
                position += 1
                return true
            case UInt8(ascii: ";"):
                return false
            case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "`"):
                skipQuoted(byte)
                continue
            default: break
            }
            position += 1
        }
        return false
    }

    // MARK: Values

    /// The values of the next row; nil if the statement has no more.
    mutating func row() throws(DumpProblem) -> [String?]? {
        _ = takeMark(UInt8(ascii: ","))
        guard takeMark(UInt8(ascii: "(")) else { return nil }
        var values: [String?] = []
        repeat { values.append(try value()) } while takeMark(UInt8(ascii: ","))
        guard takeMark(UInt8(ascii: ")")) else { throw DumpProblem(line: line, "a ) is missing behind a row") }
        return values
    }

    private mutating func value() throws(DumpProblem) -> String? {
        skipSpace()
        if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") { return try string() }
        let start = position
        while let byte, Self.isWord(byte) || "+-.".utf8.contains(byte) { position += 1 }
        let word = String(decoding: bytes[start..<position], as: UTF8.self)
        guard !word.isEmpty else { throw DumpProblem(line: line, "a value cannot be read") }
        skipSpace()
        switch word.lowercased() {
        case "null": return nil
        case "true": return "1"
        case "false": return "0"
        case "x" where byte == UInt8(ascii: "'"): return try decoded(hex: try string())
        case "b" where byte == UInt8(ascii: "'"): return Int64(try string(), radix: 2).map { String($0) }
        // Charset introducers, as in _binary 'text'.
        case let introducer where introducer.hasPrefix("_"): return try value()
        case let hex where hex.hasPrefix("0x"): return try decoded(hex: String(word.dropFirst(2)))
        default:
            guard Double(word) != nil else { throw DumpProblem(line: line, "\(word) is no value") }
            return word
        }
    }

    private mutating func decoded(hex: String) throws(DumpProblem) -> String {
        guard let bytes = Hex.decode(hex) else { throw DumpProblem(line: line, "\(hex.prefix(20)) is no hex") }
        return String(decoding: bytes, as: UTF8.self)
    }

    private mutating func string() throws(DumpProblem) -> String {
        guard let quote = byte else { throw DumpProblem(line: line, "a string is missing") }
        var content: [UInt8] = []
        position += 1
        while let byte {
            position += 1
            if byte == quote {
                guard take(byte: quote) else { return String(decoding: content, as: UTF8.self) }
                content.append(quote)
            } else if byte == UInt8(ascii: "\\"), let escaped = self.byte {
                position += 1
                content.append(contentsOf: Self.unescape(escaped))
            } else {
                content.append(byte)
            }
        }
        throw DumpProblem(line: line, "a string has no end")
    }

    private static func unescape(_ byte: UInt8) -> [UInt8] {
        switch byte {
        case UInt8(ascii: "0"): [0]
        case UInt8(ascii: "b"): [0x08]
        case UInt8(ascii: "n"): [0x0A]
        case UInt8(ascii: "r"): [0x0D]
        case UInt8(ascii: "t"): [0x09]
        case UInt8(ascii: "Z"): [0x1A]
        // These two keep their backslash outside patterns.
        case UInt8(ascii: "%"), UInt8(ascii: "_"): [UInt8(ascii: "\\"), byte]
        default: [byte]
        }
    }
}
