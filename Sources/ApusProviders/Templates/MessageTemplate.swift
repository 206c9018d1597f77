package import ApusCore
import Mustache

/// A text with `{{name}}` in it (Mustache), compiled: variables, sections, inverted sections and comments.
package struct MessageTemplate: Sendable {
    package enum Format: Sendable, Hashable {
        /// Values stand as they are.
        case text
        /// Values are escaped for HTML, unless the template says `{{{name}}}`.
        case html
        /// Values are escaped as parts of JSON strings, unless the template says `{{{name}}}`.
        case json
    }

    /// What a name stands for that the parameters do not have, be it in a variable or in a section.
    package enum MissingNames: Sendable {
        case areEmpty
        case areErrors
    }

    /// Bytes at most.
    package static let largest = 65_536

    private let template: MustacheTemplate
    private let text: String

    /// - Throws: `ApusError` that says where it is wrong.
    package init(_ text: String, format: Format = .text) throws(ApusError) {
        guard text.utf8.count <= Self.largest else {
            throw ApusError(
                .tooLarge, code: "template_too_large", "A template may have \(Self.largest) bytes.")
        }
        do throws(TemplateError) {
            _ = try TemplateScanner.tags(in: text)
            template = try Self.compiled(text, format)
        } catch {
            throw ApusError(.invalid, code: "template_invalid", "\(error.place): \(error.reason)")
        }
        self.text = text
    }

    /// - Throws: `ApusError` that names the missing parameter and its place, or says that the text would be too long.
    package func render(
        _ parameters: TemplateParameters, missing: MissingNames = .areEmpty
    ) throws(ApusError) -> String {
        parameters.lookups.begin(templateSize: text.utf8.count)
        let rendered = template.render(parameters.root)
        guard !parameters.lookups.isTooLong else {
            throw ApusError(.tooLarge, code: "template_too_large", "The text would become too long with its lists.")
        }
        if missing == .areErrors, let name = parameters.lookups.missing {
            throw ApusError(.invalid, code: "template_parameter_missing", "\(place(of: name)) is not a parameter")
        }
        return rendered
    }

    private static func compiled(_ text: String, _ format: Format) throws(TemplateError) -> MustacheTemplate {
        do {
            return try MustacheTemplate(string: TemplateEscaping.preamble(format) + text)
        } catch let error as MustacheTemplate.ParserError {
            let place = TextPlace(line: error.context.lineNumber - 1, column: error.context.columnNumber)
            throw TemplateError(place: place, reason: "\(error.error)")
        } catch {
            throw TemplateError(place: TextPlace(), reason: "\(error)")
        }
    }

    /// The first tag with the name: `line 1, column 7: order.number`.
    private func place(of name: String) -> String {
        let tags = (try? TemplateScanner.tags(in: text)) ?? []
        let tag = tags.first { tag in
            (tag.kind == .variable || tag.kind == .section) && tag.name.split(separator: ".").contains { $0 == name }
        }
        return tag.map { "\($0.place): \($0.name)" } ?? name
    }
}
