import ApusCore
import Mustache
import NIOCore

/// How values are escaped. Mustache's own way for HTML looks at characters, and lets a quote pass that an accent follows.
enum TemplateEscaping {
    private static let htmlReferences: [Unicode.Scalar: String] = [
        "<": "&lt;", ">": "&gt;", "&": "&amp;", "\"": "&quot;", "'": "&#39;",
    ]

    /// The template's first line, which says how, and leaves nothing behind.
    static func preamble(_ format: MessageTemplate.Format) -> String {
        _ = isRegistered
        return "{{% CONTENT_TYPE: \(name(format)) }}\n"
    }

    static func html(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { $0 += htmlReferences[$1] ?? String($1) }
    }

    /// What stands between the quotes of a JSON string.
    static func json(_ text: String) -> String {
        var buffer = ByteBuffer()
        buffer.writeJSONString(text)
        return String(decoding: buffer.readableBytesView.dropFirst().dropLast(), as: UTF8.self)
    }

    private static func name(_ format: MessageTemplate.Format) -> String { "apus-\(format)" }

    /// Mustache knows content types by their names, in the whole process.
    private static let isRegistered: Bool = {
        MustacheContentTypes.register(Escaping { $0 }, named: name(.text))
        MustacheContentTypes.register(Escaping(html), named: name(.html))
        MustacheContentTypes.register(Escaping(json), named: name(.json))
        return true
    }()

    private struct Escaping: MustacheContentType {
        private let escape: @Sendable (String) -> String

        init(_ escape: @escaping @Sendable (String) -> String) {
            self.escape = escape
        }

        func escapeText(_ text: String) -> String { escape(text) }
    }
}
