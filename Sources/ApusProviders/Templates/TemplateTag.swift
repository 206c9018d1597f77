/// A tag of a template (`{{name}}`, `{{#name}}`, …) and where it stands.
struct TemplateTag: Equatable {
    enum Kind: Equatable {
        case variable
        /// `#` and `^`.
        case section
        case close
        case comment
    }

    let kind: Kind
    let name: String
    let place: TextPlace
}

/// A line and a column, counted from 1.
struct TextPlace: Equatable, CustomStringConvertible {
    var line = 1
    var column = 1

    var description: String { "line \(line), column \(column)" }
}

/// Why a template cannot be used, and where.
struct TemplateError: Error, Equatable {
    let place: TextPlace
    let reason: String
}
