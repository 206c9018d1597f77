/// The type of a JSON value, told from its first byte (RFC 8259, section 3).
package enum JSONKind: Sendable, Equatable {
    case object
    case array
    case string
    case number
    case bool
    case null

    /// With its article, for sentences: "a string".
    package var phrase: String {
        switch self {
        case .object: "an object"
        case .array: "an array"
        case .string: "a string"
        case .number: "a number"
        case .bool: "a boolean"
        case .null: "null"
        }
    }
}
