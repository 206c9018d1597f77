import ApusCore
import ApusTestKit
import NIOCore
import Testing

@Suite("JSON from random bytes")
struct JSONFuzzTests {
    private static let seeds = [
        #"{"appId":"3f2a","n":[1,-2.5e3,true,null],"s":"a\n\u00e9\ud83d\ude00é漢😀","o":{"k":{}}}"#,
        #"[{"a":"12345678\\12345678"},[[],[0,false]],"\"","-1",9223372036854775807]"#,
    ].map { Array($0.utf8) }

    /// Nil if it is accepted.
    private func error(_ bytes: [UInt8]) -> JSONError? {
        do {
            try JSONScanner.withValue(in: ByteBuffer(bytes: bytes)) { try $0.skipValue() }
            return nil
        } catch {
            return error as? JSONError ?? JSONError(.syntax, at: -1)
        }
    }

    /// Reads all of a value: strings and numbers too.
    private func read(_ scanner: inout JSONScanner) throws {
        switch try scanner.kind() {
        case .object:
            try scanner.beginObject()
            while let key = try scanner.nextKey() {
                if key == "absent" { Issue.record("a key that is not there") }
                _ = key.string
                try read(&scanner)
            }
        case .array:
            try scanner.beginArray()
            while try scanner.nextElement() { try read(&scanner) }
        case .string: _ = try scanner.string()
        case .number:
            do throws(JSONError) {
                _ = try scanner.int()
            } catch {
                guard error.kind == .notIntegral || error.kind == .outOfRange else { throw error }
                try scanner.skipValue()
            }
        case .bool: _ = try scanner.bool()
        case .null: try scanner.null()
        }
    }

    @Test("Changed texts are read or refused, the same whether read or skipped")
    func mutations() {
        var random = SeededGenerator(seed: 1)
        var accepted = 0
        for round in 0..<20_000 {
            var bytes = Self.seeds[round % 2]
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: index)
                case 2: bytes.insert(bytes.randomElement(using: &random)!, at: index)
                default: bytes[index] = bytes.randomElement(using: &random)!
                }
            }
            let skipError = error(bytes)
            var readError: JSONError?
            do {
                try JSONScanner.withValue(in: ByteBuffer(bytes: bytes)) { try read(&$0) }
            } catch {
                readError = error as? JSONError
            }
            if skipError != readError { Issue.record("\(String(decoding: bytes, as: UTF8.self))") }
            if let skipError, !(0...bytes.count).contains(skipError.offset) { Issue.record("\(skipError)") }
            if skipError == nil { accepted += 1 }
        }
        #expect((1000..<19_000).contains(accepted))
    }

    @Test("No beginning of a text is a text")
    func truncation() {
        for seed in Self.seeds {
            #expect(error(seed) == nil)
            for length in 0..<seed.count { #expect(error(Array(seed[..<length])) != nil) }
        }
    }

    @Test("UTF-8 is told as the standard library tells it")
    func utf8() {
        var random = SeededGenerator(seed: 2)
        let interesting: [UInt8] = [
            0x00, 0x22, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC1, 0xC2, 0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF4,
            0xF5,
        ]
        var valid = 0
        for round in 0..<20_000 {
            var bytes = (0..<Int.random(in: 0...5, using: &random)).map { _ in
                interesting.randomElement(using: &random)!
            }
            if round % 4 == 0 { bytes = Array("12345678".utf8) + bytes }
            if round % 5 == 0 { bytes += "é漢😀".utf8 }
            let expected = String(validating: bytes, as: UTF8.self) != nil
            if expected { valid += 1 }
            if bytes.withUnsafeBytes(UTF8Validator.isValid) != expected { Issue.record("\(bytes)") }
        }
        #expect((1000..<19_000).contains(valid))
    }
}
