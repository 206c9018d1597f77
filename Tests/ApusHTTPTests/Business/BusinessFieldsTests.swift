import ApusCore
@testable import ApusHTTP
import ApusTestKit
import NIOCore
import Testing

@Suite("Parameters of the business system's calls")
struct BusinessFieldsTests {
    private func fields(_ body: String = "", query: String? = nil) throws(ApusError) -> BusinessFields {
        try BusinessFields(body: ByteBuffer(string: body), query: query)
    }

    @Test("come as a form, as JSON or in the query, the body's first")
    func forms() throws {
        let all = [
            try fields("user_num=1001&title=a+b%E5%BC%A0"), try fields(query: "user_num=1001&title=a%20b%E5%BC%A0"),
            try fields(#" {"user_num":"1001","title":"a b张"}"#), try fields(#"{"user_num":1001,"title":"a b张"}"#),
            try fields("user_num=1001", query: "user_num=1&title=a+b%E5%BC%A0"),
        ]
        for fields in all { #expect(fields["user_num"] == "1001" && fields["title"] == "a b张") }
    }

    @Test("an object is its text, null is nothing, and so is white space")
    func values() throws {
        let fields = try fields(#"{"extra_params":{"type": "kpi"},"a":null,"b":"  ","c":" x ","d":true}"#)
        #expect(fields["extra_params"] == #"{"type": "kpi"}"#)
        #expect(fields["a"] == nil && fields["b"] == nil && fields["c"] == "x" && fields["d"] == "true")
        #expect(fields.exact("c") == " x " && fields.exact("a") == nil)
    }

    @Test("all that are missing or too long are named")
    func missing() throws {
        let error = #expect(throws: ApusError.self) {
            try fields("a=1&b=\(String(repeating: "x", count: 256))").require("a", "b", "c")
        }
        #expect(error?.fields.map(\.name) == ["b", "c"])
        #expect(try fields("b=2&a=1").require("a", "b") == ["1", "2"])
    }

    @Test("broken JSON is said to be that", arguments: ["{", "{\"a\":}", "{\"a\":1}x", "{\"a\" 1}"])
    func broken(_ body: String) {
        #expect(throws: ApusError.self) { try fields(body) }
    }
}
