import ApusCore
import NIOCore

/// Collects what is wrong with a request's members, so that the caller learns all of it at once.
struct FieldProblems {
    private(set) var fields: [ApusError.Field] = []

    mutating func missing(_ name: String) {
        // What was there and wrong is not missing too.
        guard !fields.contains(where: { $0.name == name }) else { return }
        // The sentence of ONE-PUSH; programs read `code`.
        fields.append(ApusError.Field(name, code: "required", "\(name)是必填项;"))
    }

    mutating func wrongType(_ name: String, _ expected: String) {
        add(ApusError.Field(name, code: "type", "\(name) must be \(expected);"))
    }

    mutating func wrongValue(_ name: String, _ message: String) {
        add(ApusError.Field(name, code: "value", "\(name) \(message);"))
    }

    /// What is wrong with so many members is wrong enough.
    private static let most = 100

    private mutating func add(_ field: ApusError.Field) {
        if fields.count < Self.most { fields.append(field) }
    }

    /// - Throws: one error that names them all.
    func check() throws(ApusError) {
        guard !fields.isEmpty else { return }
        throw ApusError(.invalid, code: "invalid_request", fields.map(\.message).joined(), fields: fields)
    }

    /// Reads a body that is a JSON object, member by member.
    /// - Parameter read: reads or skips the member's value.
    /// - Throws: an error that says where the body is something else.
    static func eachMember(
        of body: ByteBuffer, read: (JSONKey, inout JSONScanner) throws(JSONError) -> Void
    ) throws(ApusError) {
        do {
            try JSONScanner.withObject(in: body) { scanner in
                while let key = try scanner.nextKey() { try read(key, &scanner) }
            }
        } catch let error as JSONError {
            throw ApusError(.invalid, code: "invalid_json", "The request body must be a JSON object: \(error).")
        } catch {
            throw ApusError(.internal, code: "internal", "The request could not be read.")
        }
    }
}

/// Reads a member's value where one of several types will do; records what is wrong and skips it otherwise. A null
/// is the same as no member at all.
extension JSONScanner {
    mutating func text(_ name: String, _ problems: inout FieldProblems, longest: Int = 255) throws(JSONError) -> String?
    {
        switch try kind() {
        case .string:
            let value = try string()
            if value.utf8.count > longest { problems.wrongValue(name, "must not be longer than \(longest) bytes") }
            return value
        case .null:
            try null()
            return nil
        default:
            problems.wrongType(name, "a string")
            try skipValue()
            return nil
        }
    }

    mutating func integer(_ name: String, _ problems: inout FieldProblems) throws(JSONError) -> Int64? {
        switch try kind() {
        case .number:
            do {
                return try int()
            } catch {
                problems.wrongType(name, "a whole number")
                try skipValue()
                return nil
            }
        case .string:
            if let value = Int64(try string()) { return value }
            problems.wrongType(name, "a whole number")
            return nil
        case .null:
            try null()
            return nil
        default:
            problems.wrongType(name, "a whole number")
            try skipValue()
            return nil
        }
    }

    mutating func flag(_ name: String, _ problems: inout FieldProblems) throws(JSONError) -> Bool? {
        switch try kind() {
        case .bool:
            return try bool()
        case .string:
            switch try string() {
            case "true": return true
            case "false": return false
            default:
                problems.wrongType(name, "true or false")
                return nil
            }
        case .null:
            try null()
            return nil
        default:
            problems.wrongType(name, "true or false")
            try skipValue()
            return nil
        }
    }

    /// Any value, as it came.
    mutating func json() throws(JSONError) -> String? {
        guard try kind() == .null else { return try rawValue() }
        try null()
        return nil
    }

    /// A list of strings, or one string.
    mutating func texts(
        _ name: String, _ problems: inout FieldProblems, longest: Int = 255, most: Int
    ) throws(JSONError) -> [String]? {
        switch try kind() {
        case .string, .null:
            return try text(name, &problems, longest: longest).map { [$0] }
        case .array:
            var values: [String] = []
            var count = 0
            var isWrong = false
            try beginArray()
            while try nextElement() {
                count += 1
                let isText = try kind() == .string
                guard isText, count <= most else {
                    if !isText { isWrong = true }
                    try skipValue()
                    continue
                }
                let value = try string()
                if value.utf8.count > longest { problems.wrongValue(name, "has a value longer than \(longest) bytes") }
                values.append(value)
            }
            if isWrong { problems.wrongType(name, "a list of strings") }
            if count > most { problems.wrongValue(name, "has \(count) values; at most \(most) are allowed") }
            return values
        default:
            problems.wrongType(name, "a list of strings")
            try skipValue()
            return nil
        }
    }
}
