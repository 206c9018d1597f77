import ApusCore
import NIOCore

/// A JSON value as a tree, for requests whose members are checked one by one.
enum JSONValue: Sendable, Equatable {
    struct Member: Sendable, Equatable {
        let name: String
        let value: JSONValue
    }

    case object([Member])
    case array([JSONValue])
    case string(String)
    /// As it is written.
    case number(String)
    case bool(Bool)
    case null

    /// - Throws: `JSONError`.
    init(_ text: ByteBuffer) throws {
        self = try JSONScanner.withValue(in: text) { try Self(&$0) }
    }

    /// The member of this name; nil if there is none or it is null, or if this is no object.
    subscript(name: String) -> JSONValue? {
        guard let value = members?.last(where: { $0.name == name })?.value, value != .null else { return nil }
        return value
    }

    var members: [Member]? {
        if case .object(let members) = self { members } else { nil }
    }

    var elements: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    var int: Int64? {
        if case .number(let text) = self { Int64(text) } else { nil }
    }

    var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The elements, if all of them are strings.
    var strings: [String]? {
        guard let elements else { return nil }
        let strings = elements.compactMap(\.string)
        return strings.count == elements.count ? strings : nil
    }

    /// A string, or a number as it is written, for members that vendors take in either form.
    var text: String? {
        switch self {
        case .string(let text), .number(let text): text
        default: nil
        }
    }

    /// Without white space.
    var compactText: String {
        var buffer = ByteBuffer()
        write(into: &buffer)
        return String(buffer: buffer)
    }

    /// Of the compact text.
    var byteCount: Int { compactText.utf8.count }

    func write(into buffer: inout ByteBuffer) {
        switch self {
        case .object(let members):
            var separator: StaticString = "{"
            for member in members {
                buffer.writeStaticString(separator)
                buffer.writeJSONString(member.name)
                buffer.writeStaticString(":")
                member.value.write(into: &buffer)
                separator = ","
            }
            buffer.writeStaticString(members.isEmpty ? "{}" : "}")
        case .array(let elements): buffer.writeJSONArray(elements) { $0.write(into: &$1) }
        case .string(let text): buffer.writeJSONString(text)
        case .number(let text): buffer.writeString(text)
        case .bool(let value): buffer.writeStaticString(value ? "true" : "false")
        case .null: buffer.writeStaticString("null")
        }
    }

    private init(_ scanner: inout JSONScanner) throws(JSONError) {
        switch try scanner.kind() {
        case .object:
            var members: [Member] = []
            try scanner.beginObject()
            while let key = try scanner.nextKey() {
                let name = key.string
                members.append(Member(name: name, value: try JSONValue(&scanner)))
            }
            self = .object(members)
        case .array:
            var elements: [JSONValue] = []
            try scanner.beginArray()
            while try scanner.nextElement() { elements.append(try JSONValue(&scanner)) }
            self = .array(elements)
        case .string: self = .string(try scanner.string())
        case .number: self = .number(try scanner.rawValue())
        case .bool: self = .bool(try scanner.bool())
        case .null:
            try scanner.null()
            self = .null
        }
    }
}
