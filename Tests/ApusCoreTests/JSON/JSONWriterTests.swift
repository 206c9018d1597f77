import ApusCore
import NIOCore
import Testing

@Suite("Writing JSON")
struct JSONWriterTests {
    private func written(_ body: (inout ByteBuffer) -> Void) -> String {
        var buffer = ByteBuffer()
        body(&buffer)
        return String(buffer: buffer)
    }

    @Test("Strings are escaped as little as may be")
    func strings() {
        #expect(written { $0.writeJSONString("") } == "\"\"")
        #expect(written { $0.writeJSONString("a/é漢😀\u{7F}") } == "\"a/é漢😀\u{7F}\"")
        #expect(
            written { $0.writeJSONString("\"\\\u{8}\t\n\u{C}\r\0\u{1F}\u{B}") }
                == #""\"\\\b\t\n\f\r\u0000\u001f\u000b""#)
        #expect(written { $0.writeJSONString("1234567\"12345678é\n") } == #""1234567\"12345678é\n""#)
    }

    @Test("What was written is read as it was, whatever the character and wherever it stands")
    func roundTrip() throws {
        for scalar in Array(0..<0x180 as Range<UInt32>) + [0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF] {
            for padding in 0..<9 {
                let text = String(repeating: "x", count: padding) + String(Unicode.Scalar(scalar)!) + "tail"
                var buffer = ByteBuffer()
                buffer.writeJSONString(text)
                let read = try JSONScanner.withValue(in: buffer) { try $0.string() }
                if Array(read.utf8) != Array(text.utf8) { Issue.record("U+\(scalar) after \(padding)") }
            }
        }
    }

    @Test("Numbers are written as Swift describes them")
    func numbers() {
        var numbers: [Int64] = [0, .max, .min, .min + 1]
        var power: Int64 = 1
        for _ in 0..<18 {
            power *= 10
            numbers += [power, power - 1, -power, 1 - power]
        }
        for number in numbers { #expect(written { $0.writeDecimal(number) } == "\(number)") }
    }

    @Test("Objects have the members that are not nil, in order")
    func objects() {
        let text = written { buffer in
            buffer.writeString(">")
            buffer.writeJSONObject { object in
                object.member("none", string: nil)
                object.member("s", string: "a\"b")
                object.member("i", int: -5)
                object.member("noInt", int: nil)
                object.member("t", bool: true)
                object.member("f", bool: false)
                object.member("noBool", bool: nil)
                object.member("o") { inner in inner.member("x", int: 1) }
                object.member("e") { _ in }
                object.member("r", raw: "[1, 2]")
                object.member("noRaw", raw: nil)
            }
        }
        #expect(text == #">{"s":"a\"b","i":-5,"t":true,"f":false,"o":{"x":1},"e":{},"r":[1, 2]}"#)
        #expect(written { $0.writeJSONObject { _ in } } == "{}")
    }
}
