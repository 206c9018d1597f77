import ApusCore
import Testing

@testable import ApusProviders

@Suite("MessageTemplate")
struct MessageTemplateTests {
    func render(
        _ text: String, _ json: String, format: MessageTemplate.Format = .text,
        missing: MessageTemplate.MissingNames = .areEmpty
    ) throws -> String {
        try MessageTemplate(text, format: format).render(TemplateParameters(json), missing: missing)
    }

    @Test(
        "variables, sections and comments are Mustache's",
        arguments: [
            ("Hello {{name}}!", #"{"name":"Ann"}"#, "Hello Ann!"),
            ("{{order.number}} {{ total }}", #"{"order":{"number":12},"total":1.50}"#, "12 1.50"),
            ("{{#items}}{{.}};{{/items}}", #"{"items":["a","b"]}"#, "a;b;"),
            ("{{#items}}{{name}} of {{shop}}\n{{/items}}", #"{"shop":"S","items":[{"name":"x"}]}"#, "x of S\n"),
            ("{{#sale}}yes{{/sale}}{{^sale}}no{{/sale}}", #"{"sale":false}"#, "no"),
            ("{{#sale}}yes{{/sale}}{{^sale}}no{{/sale}}", #"{"sale":null}"#, "no"),
            ("{{! nobody sees this }}x", "{}", "x"), ("{{a}}|{{b}}", #"{"a":null,"b":true}"#, "|true"),
            ("你好 {{name}}\r\n{{name}}", #"{"name":"安"}"#, "你好 安\r\n安"), ("", "{}", ""),
            ("{ {{a}} }", #"{"a":1}"#, "{ 1 }"),
        ])
    func renders(template: String, parameters: String, expected: String) throws {
        #expect(try render(template, parameters) == expected)
    }

    @Test("values are escaped for HTML only in HTML, also where an accent follows a quote")
    func htmlEscaping() throws {
        let json = #"{"a":"<b> & \"'","q":"\"\u0301"}"#
        #expect(try render("{{a}}", json) == #"<b> & "'"#)
        #expect(try render("{{a}}", json, format: .html) == "&lt;b&gt; &amp; &quot;&#39;")
        #expect(try render("{{{a}}}{{&a}}", json, format: .html) == #"<b> & "'<b> & "'"#)
        #expect(try render("{{q}}", json, format: .html) == "&quot;\u{301}")
    }

    @Test("a missing name is empty if it may be")
    func missingIsEmpty() throws {
        #expect(try render("[{{a}}][{{b.c}}][{{#d}}x{{/d}}]", #"{"b":{}}"#) == "[][][]")
    }

    @Test(
        "a missing name is an error that says where it stands",
        arguments: [
            ("a\nHello {{name}}", #"{}"#, "line 2, column 7: name is not a parameter"),
            ("{{order.number}}", #"{"order":{}}"#, "line 1, column 1: order.number is not a parameter"),
            (
                "{{shop}} {{order.number}} {{shop}}", #"{"shop":"S","order":{}}"#,
                "line 1, column 10: order.number is not a parameter"
            ),
            ("{{#sale}}x{{/sale}}", #"{}"#, "line 1, column 1: sale is not a parameter"),
            ("{{#a}}{{b}}{{c}}{{/a}}", #"{"a":[{"b":1,"c":2},{"c":3}]}"#, "line 1, column 7: b is not a parameter"),
        ])
    func missingIsError(template: String, parameters: String, expected: String) {
        let error = #expect(throws: ApusError.self) { try render(template, parameters, missing: .areErrors) }
        #expect(error?.message == expected)
    }

    @Test("names are found in the objects around, and null, false and empty lists are not missing")
    func notMissing() throws {
        let json = #"{"shop":"S","a":{"b":{"c":1}},"list":[],"no":false,"nothing":null}"#
        let template = "{{#a}}{{#b}}{{c}}{{shop}}{{/b}}{{/a}}{{#list}}x{{/list}}{{#no}}x{{/no}}{{nothing}}"
        #expect(try render(template, json, missing: .areErrors) == "1S")
    }

    @Test(
        "what is wrong with a template is said with its place",
        arguments: [
            ("a\n {{name", "line 2, column 2: the tag is not closed with }}"),
            ("{{#a}}x", "line 1, column 1: the section a is not closed"),
            ("{{#a}}{{/b}}", "line 1, column 7: no section b is open here"),
            ("x{{/b}}", "line 1, column 2: no section b is open here"),
            ("{{>header}}", "line 1, column 1: there are no partials and blocks here"),
            ("{{$block}}{{/block}}", "line 1, column 1: there are no partials and blocks here"),
            ("{{=<% %>=}}", "line 1, column 1: delimiters and content types cannot be changed here"),
            ("{{% CONTENT_TYPE:TEXT}}", "line 1, column 1: delimiters and content types cannot be changed here"),
            ("{{a b}}", "line 1, column 1: a name has letters and digits of ASCII, -, _ and dots between them"),
            ("\r\n{{}}", "line 2, column 1: a name has letters and digits of ASCII, -, _ and dots between them"),
            ("{{#.}}{{/.}}", "line 1, column 1: a name has letters and digits of ASCII, -, _ and dots between them"),
            ("{{{a}}", "line 1, column 1: the tag is not closed with }}}"),
        ])
    func invalid(template: String, expected: String) {
        let error = #expect(throws: ApusError.self) { try MessageTemplate(template) }
        #expect(error?.message == expected)
    }

    @Test("sections nested deeper than anybody needs are refused")
    func deepNesting() {
        let deep = String(repeating: "{{#a}}", count: 5000)
        let error = #expect(throws: ApusError.self) { try MessageTemplate(deep) }
        #expect(error?.message == "line 1, column 97: sections are nested deeper than 16")
    }

    @Test("lists in lists do not make a text of any length")
    func explosion() throws {
        let list = "[" + (0..<1000).map { "\($0)" }.joined(separator: ",") + "]"
        let depth = 8
        let template =
            String(repeating: "{{#a}}", count: depth) + "{{.}}" + String(repeating: "{{/a}}", count: depth)
        let error = #expect(throws: ApusError.self) { try render(template, #"{"a":\#(list)}"#) }
        #expect(error?.code == "template_too_large")
    }

    @Test("parameters that are no JSON object are refused", arguments: ["", "[]", "1", #"{"a":}"#, #"{"a":1}x"#])
    func badParameters(json: String) {
        #expect(throws: ApusError.self) { try TemplateParameters(json) }
    }
}
