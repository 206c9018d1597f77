import ApusCore
import NIOCore
import Testing

@Suite("Which texts are JSON")
struct JSONTextTests {
    static let valid: [String] = [
        "{}", "[]", "\"\"", "0", "-0", "1", "-1", "10", "123456789", "1.0", "0.5", "-0.25", "1e1", "1E1", "1e+1",
        "1e-1",
        "0e0", "0E+10", "1.5e300", "1e999999", "12345678901234567890123", "true", "false", "null",
        " \t\r\n1 \t\r\n", "[1,2]", "[ 1 , 2 ]", "[[],[[]],{}]", "[null,true,false,0,\"\",{},[]]",
        "{\"a\":1}", "{\"a\":1,\"b\":2}", " { \"a\" : 1 , \"b\" : [ ] } ", "{\"a\":1,\"a\":2}", "{\"\":0}",
        "{\"a\":{\"b\":{\"c\":[{}]}}}", "\"abc\"", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\u0041\"",
        "\"\\u00e9\\u00E9\"",
        "\"\\ud83d\\ude00\"", "\"\\uD83D\\uDE00\"", "\"\\u0000\"", "\"\\uFFFF\"", "\"\u{7F}\"", "\"é\"", "\"漢字\"",
        "\"😀\"",
        "\"\u{2028}\u{2029}\"", "\"\u{FEFF}\"", "\"/\"", "\"12345678\"", "\"1234567é12345678\"", "\"\\u005C\\u0022\"",
        "[\"a\\\\\",1]", "{\"\\u0061\":\"\\u0062\"}", "\"\u{10FFFF}\"", "\"\\uDBFF\\uDFFF\"",
    ]

    static let invalid: [String] = [
        "", " ", "{", "}", "[", "]", "\"", ",", ":", "{]", "[}", "[1", "[1,", "[1,]", "[,1]", "[,]", "[1,,2]", "[1 2]",
        "[1}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,\"a\":1}", "{\"a\" 1}", "{\"a\"::1}", "{\"a\":1 \"b\":2}",
        "{\"a\":1,,\"b\":2}", "{a:1}", "{'a':1}", "{1:1}", "{null:1}", "{\"a\":1]", "{\"a\":1", "{\"a\":", "{\"a",
        "{\"a\"",
        "[1]]", "{}}", "{} {}", "1 2", "[] x", "{}#", "// c\n1", "1 // c", "/* */1", "[1]\u{0}", "\u{FEFF}1", "\u{A0}1",
        "\u{B}1", "\u{C}1", "01", "-01", "00", "-", "+1", ".5", "-.5", "1.", "-1.", "1.e1", "1e", "1e+", "1e-", "1E",
        "1ee1", "1e1.5",
        "1.2.3", "--1", "1-", "0x1", "1_000", "1a", "NaN", "Infinity", "-Infinity", "nan", "tru", "truee", "True",
        "TRUE",
        "fals", "falsee", "nul", "nulll", "Null", "undefined", "t", "f", "n", "truefalse", "'a'", "\"a", "\"\\\"",
        "\"\\",
        "\"\\a\"", "\"\\0\"", "\"\\x41\"", "\"\\'\"", "\"\\u\"", "\"\\u1\"", "\"\\u12\"", "\"\\u123\"", "\"\\u123g\"",
        "\"\\U0041\"", "\"\\u 041\"", "\"\\u+041\"", "\"\\u-041\"", "\"\\uD800\"", "\"\\uDC00\"", "\"\\uDFFF\"",
        "\"\\uDBFF\"",
        "\"\\uD800\\uD800\"", "\"\\uD83Dx\"", "\"\\uD83D\\n\"", "\"\\uDE00\\uD83D\"", "\"\\uD83D\\u0041\"",
        "\"\\uD83D\\uDE0\"",
        "\"\\uD83D\\", "\"\\uD83D\\u", "\"\\u00", "\"a\nb\"", "\"a\tb\"", "\"a\rb\"", "\"\u{0}\"", "\"\u{1F}\"",
        "\"1234567\n12345678\"", "[\"a\",\n4\n,1,", "{\"a\":\"b\"}/", "[\"\\\n\"]", "{\"a\":1}\"", "*", "<a>", "[1:2]",
        "{\"a\",1}",
    ]

    static let invalidUTF8: [[UInt8]] = [
        [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xC2, 0x41], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF],
        [0xE2, 0x82],
        [0xE2, 0x82, 0x41], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF],
        [0xF0, 0x9F, 0x98], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFE], [0xFF],
        [0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0xFF],
    ]

    @Test("A valid text is accepted and comes back as it is", arguments: valid)
    func accepts(_ text: String) throws {
        let raw = try JSONScanner.withValue(in: ByteBuffer(string: text)) { try $0.rawValue() }
        let isSpace: (Character) -> Bool = { " \t\r\n\r\n".contains($0) }
        #expect(raw == String(text.drop(while: isSpace).reversed().drop(while: isSpace).reversed()))
        try JSONScanner.withValue(in: ByteBuffer(string: " [ " + text + " ] ")) { try $0.skipValue() }
    }

    @Test("An invalid text is refused, alone and within another", arguments: invalid)
    func refuses(_ text: String) {
        for text in text.allSatisfy({ $0 == " " }) ? [text] : [text, "[0," + text + "]", "{\"k\":" + text + "}"] {
            let buffer = ByteBuffer(string: text)
            let error = #expect(throws: JSONError.self) {
                try JSONScanner.withValue(in: buffer) { try $0.skipValue() }
            }
            #expect(error?.kind == .syntax, "\(text)")
            #expect((0...buffer.readableBytes).contains(error?.offset ?? -1))
        }
    }

    @Test("A string that is not UTF-8 is refused where it goes wrong", arguments: invalidUTF8)
    func refusesBytes(_ bytes: [UInt8]) {
        for text in [[0x22] + bytes + [0x22], [0x22, 0x61, 0x62] + bytes + [0x22]] {
            let error = #expect(throws: JSONError.self) {
                try JSONScanner.withValue(in: ByteBuffer(bytes: text)) { try $0.skipValue() }
            }
            #expect(error?.kind == .invalidUTF8)
        }
        #expect(!bytes.withUnsafeBytes(UTF8Validator.isValid))
    }

    @Test("64 levels are accepted, 65 are not")
    func depth() throws {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let inner = open == "[" ? "" : "0"
            func nested(_ levels: Int) -> ByteBuffer {
                ByteBuffer(
                    string: String(repeating: open, count: levels) + inner + String(repeating: close, count: levels))
            }
            try JSONScanner.withValue(in: nested(64)) { try $0.skipValue() }
            let error = #expect(throws: JSONError.self) {
                try JSONScanner.withValue(in: nested(65)) { try $0.skipValue() }
            }
            #expect(error == JSONError(.tooDeep, at: 64 * open.utf8.count))
        }
        let endless = ByteBuffer(string: String(repeating: "[", count: 1_000_000))
        #expect(throws: JSONError(.tooDeep, at: 64)) {
            try JSONScanner.withValue(in: endless) { try $0.skipValue() }
        }
    }
}
