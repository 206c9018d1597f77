import ApusCore
import NIOCore
import Testing

@Suite("JSONScanner")
struct JSONScannerTests {
    private func value<R>(_ text: String, _ body: (inout JSONScanner) throws -> R) throws -> R {
        try JSONScanner.withValue(in: ByteBuffer(string: text), body)
    }

    @Test("Reads an object's members by name and skips the rest")
    func object() throws {
        let text = ByteBuffer(
            string: """
                 { "appId" : "a\\n1", "no": [1,{"appId":2}], "ids": ["x", "y"], "none": [], "on": true, "off": false,
                 "n": -42, "nil": null, "raw": { "k" : [ 1 ] } , "in": {"a": {"b": 7}, "z": 1}, "é": "ü😀" }
                """)
        var seen: [String] = []
        try JSONScanner.withObject(in: text) { scanner in
            while let key = try scanner.nextKey() {
                switch key {
                case "appId": seen.append(try scanner.string())
                case "ids", "none":
                    try scanner.beginArray()
                    while try scanner.nextElement() { seen.append(try scanner.string()) }
                case "on", "off": seen.append("\(try scanner.bool())")
                case "n": seen.append("\(try scanner.int())")
                case "nil":
                    try scanner.null()
                    seen.append("null")
                case "raw": seen.append(try scanner.rawValue())
                case "in":
                    try scanner.beginObject()
                    while let inner = try scanner.nextKey() { seen.append(inner.string + (try scanner.rawValue())) }
                case "é": seen.append(try scanner.string())
                default:
                    #expect(key.string == "no")
                    try scanner.skipValue()
                }
            }
        }
        #expect(
            seen == [
                "a\n1", "x", "y", "true", "false", "-42", "null", "{ \"k\" : [ 1 ] }", "a{\"b\": 7}", "z1", "ü😀",
            ])
    }

    @Test("An escaped key is the key it stands for, byte for byte")
    func escapedKey() throws {
        let text = ByteBuffer(string: #"{"app\u0049d":0,"appI":0,"appIdd":0,"e\u0301":0}"#)
        var matches: [Bool] = []
        try JSONScanner.withObject(in: text) { scanner in
            while let key = try scanner.nextKey() {
                matches.append(key == "appId" || key == "\u{E9}")
                try scanner.skipValue()
            }
        }
        // é and e with an accent are equal strings in Swift, but not the same key.
        #expect(matches == [true, false, false, false])
    }

    @Test("Unescapes strings")
    func strings() throws {
        #expect(try value(#""\"\\\/\b\f\n\r\t""#) { try $0.string() } == "\"\\/\u{8}\u{C}\n\r\t")
        #expect(try value(#""a\u0041\u00e9\u6F22\ud83d\ude00z\u0000""#) { try $0.string() } == "aAé漢😀z\0")
        #expect(try value(#""\uDBFF\uDFFF\uFFFF""#) { try $0.string() } == "\u{10FFFF}\u{FFFF}")
        let long = String(repeating: "0123456789é", count: 100)
        #expect(try value("\"\(long)\"") { try $0.string() } == long)
        #expect(try value("\"\(long)\\n\"") { try $0.string() } == long + "\n")
    }

    @Test(
        "Reads whole numbers in any notation",
        arguments: [
            ("0", 0), ("-0", 0), ("7", 7), ("-7", -7), ("9223372036854775807", .max), ("-9223372036854775808", .min),
            ("1.0", 1), ("-120.000", -120), ("1e3", 1000), ("1E+3", 1000), ("1.5e1", 15), ("10e-1", 1), ("1200e-2", 12),
            ("0.001e3", 1), ("0e99999999999999999999", 0), ("0.000", 0), ("0e-5", 0), ("9223372036854775807.0", .max),
            ("922337203685477580.7e1", .max), ("-9.223372036854775808e18", .min), ("1000000000000000000000e-20", 10),
        ] as [(String, Int64)])
    func integers(_ text: String, _ expected: Int64) throws {
        #expect(try value(text) { try $0.int() } == expected)
        #expect(try value("[" + text + "]") { try $0.rawValue() } == "[" + text + "]")
    }

    @Test(
        "Refuses other numbers and stays before them",
        arguments: [
            ("0.5", .notIntegral), ("-1.5", .notIntegral), ("1e-1", .notIntegral), ("15e-1", .notIntegral),
            ("1e-99999999999999999999", .notIntegral), ("1.00000000000000000000001", .notIntegral),
            ("9223372036854775808", .outOfRange), ("-9223372036854775809", .outOfRange), ("1e19", .outOfRange),
            ("1e99999999999999999999", .outOfRange), ("123456789012345678901234567890", .outOfRange),
        ] as [(String, JSONError.Kind)])
    func otherNumbers(_ text: String, _ kind: JSONError.Kind) throws {
        try value(" " + text) { scanner in
            do throws(JSONError) {
                _ = try scanner.int()
                Issue.record("accepted")
            } catch {
                #expect(error == JSONError(kind, at: 1))
            }
            let raw = try scanner.rawValue()
            #expect(raw == text)
        }
    }

    @Test("After a wrong type the value can still be skipped")
    func recovers() throws {
        let values = [
            ("{}", JSONKind.object), ("[]", .array), ("\"s\"", .string), ("1", .number), ("true", .bool),
            ("null", .null),
        ]
        for (text, kind) in values {
            try value("[ \(text), 5]") { scanner in
                try scanner.beginArray()
                #expect(try scanner.nextElement())
                #expect(try scanner.kind() == kind)
                var refusals = 0
                func refused(_ expected: JSONKind, _ read: (inout JSONScanner) throws(JSONError) -> Void) {
                    if expected == kind { return }
                    do throws(JSONError) {
                        try read(&scanner)
                        Issue.record("read \(kind) as \(expected)")
                    } catch {
                        #expect(error == JSONError(.wrongType(expected: expected), at: 2))
                        refusals += 1
                    }
                }
                refused(.object) { scanner throws(JSONError) in try scanner.beginObject() }
                refused(.array) { scanner throws(JSONError) in try scanner.beginArray() }
                refused(.string) { scanner throws(JSONError) in _ = try scanner.string() }
                refused(.number) { scanner throws(JSONError) in _ = try scanner.int() }
                refused(.bool) { scanner throws(JSONError) in _ = try scanner.bool() }
                refused(.null) { scanner throws(JSONError) in try scanner.null() }
                #expect(refusals == 5)
                try scanner.skipValue()
                #expect(try scanner.nextElement())
                #expect(try scanner.int() == 5)
                let hasMore = try scanner.nextElement()
                #expect(!hasMore)
            }
        }
    }

    @Test("Errors say what and where")
    func descriptions() {
        #expect(JSONError(.wrongType(expected: .string), at: 17).description == "expected a string at byte 17")
        #expect(JSONError(.syntax, at: 3).description == "invalid JSON at byte 3")
        #expect(JSONError(.tooDeep, at: 64).description == "nesting deeper than 64 levels at byte 64")
        #expect(JSONError(.notIntegral, at: 1).description == "expected an integer at byte 1")
        #expect(JSONError(.outOfRange, at: 1).description == "integer out of range at byte 1")
        #expect(JSONError(.invalidUTF8, at: 1).description == "invalid UTF-8 at byte 1")
    }

    @Test("An object must be read to its end, be the only value and be an object")
    func wholeText() throws {
        let read: (inout JSONScanner) throws -> Void = { scanner in
            while try scanner.nextKey() != nil { try scanner.skipValue() }
        }
        try JSONScanner.withObject(in: ByteBuffer(string: " {\"a\":1} \n"), read)
        #expect(throws: JSONError(.syntax, at: 8)) {
            try JSONScanner.withObject(in: ByteBuffer(string: "{\"a\":1} x"), read)
        }
        #expect(throws: JSONError(.wrongType(expected: .object), at: 0)) {
            try JSONScanner.withObject(in: ByteBuffer(string: "[]"), read)
        }
        #expect(throws: JSONError(.syntax, at: 1)) {
            try JSONScanner.withObject(in: ByteBuffer(string: "{\"a\":1}")) { _ in }
        }
        #expect(throws: JSONError(.syntax, at: 0)) { try JSONScanner.withObject(in: ByteBuffer(), read) }
    }

    @Test("Starts where the buffer's readable bytes do")
    func offsetBuffer() throws {
        var buffer = ByteBuffer(string: "xx{\"a\":5}")
        buffer.moveReaderIndex(forwardBy: 2)
        let value = try JSONScanner.withObject(in: buffer) { scanner in
            _ = try scanner.nextKey()
            let value = try scanner.int()
            let hasMore = try scanner.nextKey() != nil
            #expect(!hasMore)
            return value
        }
        #expect(value == 5)
    }
}
