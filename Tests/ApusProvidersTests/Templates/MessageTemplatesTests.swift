import ApusCore
import Testing

@testable import ApusProviders

@Suite("MessageTemplates")
struct MessageTemplatesTests {
    @Test("the texts of a message are made of the same parameters, and only its HTML is escaped")
    func parts() throws {
        let rendered = try MessageTemplates().render(
            [
                .title: "{{shop}}", .sms: "Code {{code}}", .mailSubject: "{{shop}}: {{code}}",
                .mailHTML: "<b>{{shop}}</b>",
            ],
            parameters: #"{"shop":"A & B","code":"007"}"#)
        #expect(
            rendered == [
                .title: "A & B", .sms: "Code 007", .mailSubject: "A & B: 007", .mailHTML: "<b>A &amp; B</b>",
            ])
    }

    @Test("an error names the text in which it is")
    func errors() {
        let templates = MessageTemplates()
        let wrong = #expect(throws: ApusError.self) {
            try templates.render([.title: "x", .mailText: "a {{#b}}"], parameters: "{}")
        }
        #expect(wrong?.message == "mail.text, line 1, column 3: the section b is not closed")
        let missing = #expect(throws: ApusError.self) {
            try templates.render([.sms: "{{a}}"], parameters: "{}", missing: .areErrors)
        }
        #expect(missing?.message == "sms, line 1, column 1: a is not a parameter")
    }

    @Test("a template is compiled once, and those that were used last are kept")
    func cache() throws {
        let templates = MessageTemplates(limit: 2)
        for text in ["a", "b", "a", "c"] { _ = try templates.render([.title: text], parameters: "{}") }
        #expect(templates.keeps("a"))
        #expect(!templates.keeps("b"))
        #expect(templates.keeps("c"))
    }
}
