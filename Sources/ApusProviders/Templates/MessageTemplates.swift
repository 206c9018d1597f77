package import ApusCore
import Synchronization

/// The texts of a message that templates make. The raw value names it in errors.
package enum TemplatePart: String, Sendable, CaseIterable {
    case title
    case content
    case sms
    case mailSubject = "mail.subject"
    case mailText = "mail.text"
    case mailHTML = "mail.html"

    package var format: MessageTemplate.Format { self == .mailHTML ? .html : .text }
}

/// Renders templates, and keeps those that were used last compiled.
package final class MessageTemplates: Sendable {
    private struct Key: Hashable {
        let text: String
        let format: MessageTemplate.Format
    }

    private struct State {
        var compiled: [Key: (template: MessageTemplate, lastUse: UInt64)] = [:]
        var uses: UInt64 = 0
    }

    private let limit: Int
    private let state = Mutex(State())

    /// - Parameter limit: templates that are kept.
    package init(limit: Int = 256) {
        self.limit = max(1, limit)
    }

    /// - Parameter parameters: the text of a JSON object.
    /// - Throws: `ApusError` that names the part, the line and the column that are wrong.
    package func render(
        _ parts: [TemplatePart: String], parameters: String, missing: MessageTemplate.MissingNames = .areEmpty
    ) throws(ApusError) -> [TemplatePart: String] {
        let parameters = try TemplateParameters(parameters)
        var rendered: [TemplatePart: String] = [:]
        for part in TemplatePart.allCases {
            guard let text = parts[part] else { continue }
            do throws(ApusError) {
                rendered[part] = try template(text, part.format).render(parameters, missing: missing)
            } catch {
                throw ApusError(error.kind, code: error.code, "\(part.rawValue), \(error.message)")
            }
        }
        return rendered
    }

    /// Whether the template is kept.
    func keeps(_ text: String, _ format: MessageTemplate.Format = .text) -> Bool {
        state.withLock { $0.compiled[Key(text: text, format: format)] != nil }
    }

    private func template(_ text: String, _ format: MessageTemplate.Format) throws(ApusError) -> MessageTemplate {
        let key = Key(text: text, format: format)
        let known = state.withLock { state -> MessageTemplate? in
            state.uses += 1
            state.compiled[key]?.lastUse = state.uses
            return state.compiled[key]?.template
        }
        if let known { return known }
        let template = try MessageTemplate(text, format: format)
        state.withLock { state in
            if state.compiled.count >= limit,
                let oldest = state.compiled.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                state.compiled[oldest.key] = nil
            }
            state.compiled[key] = (template, state.uses)
        }
        return template
    }
}
