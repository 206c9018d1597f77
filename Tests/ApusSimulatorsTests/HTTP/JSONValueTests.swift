import ApusCore
import NIOCore
import Testing

@testable import ApusSimulators

@Suite("JSONValue")
struct JSONValueTests {
    func value(_ text: String) throws -> JSONValue {
        try JSONValue(ByteBuffer(string: text))
    }

    @Test("members are found by name, the last of those with the same; null is none")
    func members() throws {
        let object = try value(#"{"a":1,"b":{"c":"x"},"a":2,"n":null}"#)
        #expect(object["a"]?.int == 2)
        #expect(object["b"]?["c"]?.string == "x")
        #expect(object["n"] == nil)
        #expect(object["missing"] == nil)
        #expect(object["a"]?["x"] == nil)
    }

    @Test("it is written without white space, numbers as they were")
    func writing() throws {
        let text = #"{"a":[1.50,true,null,"\n标"],"b":{}}"#
        #expect(try value(" { \"a\" : [1.50, true, null, \"\\n标\"], \"b\": {} } ").compactText == text)
        #expect(try value(text).byteCount == text.utf8.count)
    }

    @Test("what is no JSON is refused", arguments: ["", "{", "{} x", "[1,]"])
    func wrong(_ text: String) {
        #expect(throws: JSONError.self) { try value(text) }
    }

    @Test("an array with anything but strings has no strings")
    func strings() throws {
        #expect(try value(#"["a","b"]"#).strings == ["a", "b"])
        #expect(try value(#"["a",1]"#).strings == nil)
    }
}
