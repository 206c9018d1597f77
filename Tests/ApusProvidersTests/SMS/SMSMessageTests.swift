import ApusCore
import Testing

@testable import ApusProviders

@Suite("SMSMessage")
struct SMSMessageTests {
    func message(text: String = "Hi", parameters: String? = nil, id: String = "7") throws -> SMSMessage {
        try SMSMessage(to: PhoneNumber("13800000000"), text: text, parameters: parameters, id: id)
    }

    @Test("an SMS needs a text and an object as its parameters, neither of them too long")
    func limits() throws {
        let longest = String(repeating: "x", count: SMSMessage.largest)
        #expect(try message(text: longest).text == longest)
        #expect(throws: ApusError.self) { try message(text: longest + "x") }
        #expect(throws: ApusError.self) { try message(text: "") }
        for parameters in ["", "[]", "{", #"{"a":"\#(longest)"}"#] {
            #expect(throws: ApusError.self) { try message(parameters: parameters) }
        }
        #expect(try message(parameters: "{}").parameters == "{}")
    }

    @Test("an id that could become another header is refused", arguments: ["", "a\r\nx: y", "a b", "é"])
    func badID(id: String) {
        #expect(throws: ApusError.self) { try message(id: id) }
    }
}
