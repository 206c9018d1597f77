/// Finds the tags of a template and checks them: variables, sections and comments, but no partials, no blocks and no
/// other delimiters.
struct TemplateScanner {
    /// Open sections. A parser that calls itself for each needs a limit.
    private static let deepestNesting = 16
    private static let longestTag = 200

    private let text: [Character]
    private var position = 0
    private var place = TextPlace()
    private var tags: [TemplateTag] = []
    private var open: [TemplateTag] = []

    private init(_ text: String) {
        self.text = Array(text)
    }

    static func tags(in text: String) throws(TemplateError) -> [TemplateTag] {
        var scanner = TemplateScanner(text)
        while scanner.position < scanner.text.count {
            if scanner.stands(before: "{{") { try scanner.scanTag() } else { scanner.advance(1) }
        }
        if let section = scanner.open.last {
            throw TemplateError(place: section.place, reason: "the section \(section.name) is not closed")
        }
        return scanner.tags
    }

    private mutating func scanTag() throws(TemplateError) {
        let start = place
        advance(2)
        let sigil = position < text.count ? text[position] : " "
        let kind = try Self.kind(sigil, at: start)
        let end = sigil == "{" ? "}}}" : "}}"
        if "#^/!{&".contains(sigil) { advance(1) }
        var content = ""
        while !stands(before: end) {
            guard position < text.count, kind == .comment || content.count < Self.longestTag else {
                throw TemplateError(place: start, reason: "the tag is not closed with \(end)")
            }
            content.append(text[position])
            advance(1)
        }
        advance(end.count)
        let name = String(content.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
        try add(TemplateTag(kind: kind, name: name, place: start))
    }

    private static func kind(_ sigil: Character, at place: TextPlace) throws(TemplateError) -> TemplateTag.Kind {
        switch sigil {
        case "#", "^": return .section
        case "/": return .close
        case "!": return .comment
        case ">", "<", "$":
            throw TemplateError(place: place, reason: "there are no partials and blocks here")
        case "=", "%":
            throw TemplateError(place: place, reason: "delimiters and content types cannot be changed here")
        default: return .variable
        }
    }

    private mutating func add(_ tag: TemplateTag) throws(TemplateError) {
        if tag.kind != .comment {
            guard tag.name == "." && tag.kind == .variable || Self.isName(tag.name) else {
                throw TemplateError(
                    place: tag.place, reason: "a name has letters and digits of ASCII, -, _ and dots between them")
            }
        }
        switch tag.kind {
        case .section:
            guard open.count < Self.deepestNesting else {
                throw TemplateError(place: tag.place, reason: "sections are nested deeper than \(Self.deepestNesting)")
            }
            open.append(tag)
        case .close:
            guard open.popLast()?.name == tag.name else {
                throw TemplateError(place: tag.place, reason: "no section \(tag.name) is open here")
            }
        case .variable, .comment:
            break
        }
        tags.append(tag)
    }

    private static func isName(_ text: String) -> Bool {
        text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { ForeignText.isID(String($0)) }
    }

    private func stands(before end: String) -> Bool {
        text[position...].starts(with: end)
    }

    private mutating func advance(_ count: Int) {
        for character in text[position...].prefix(count) {
            if character.isNewline { place = TextPlace(line: place.line + 1) } else { place.column += 1 }
        }
        position = min(position + count, text.count)
    }
}
