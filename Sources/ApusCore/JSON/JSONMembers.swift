package import NIOCore

/// The members of a small JSON object whose values are texts, numbers or booleans, as settings and secrets are.
package struct JSONMembers: Sendable, Equatable {
    private var members: [(name: String, text: String)] = []

    package init() {}

    /// - Throws: `JSONError` if it is not an object of such values.
    package init(_ text: ByteBuffer) throws {
        members = try JSONScanner.withObject(in: text) { scanner in
            var members: [(name: String, text: String)] = []
            while let key = try scanner.nextKey() {
                let name = key.string
                switch try scanner.kind() {
                case .string: members.append((name, try scanner.string()))
                case .number: members.append((name, String(try scanner.int())))
                case .bool: members.append((name, try scanner.bool() ? "true" : "false"))
                case .null: try scanner.skipValue()
                case .object, .array: throw JSONError(.wrongType(expected: .string), at: 0)
                }
            }
            return members
        }
    }

    /// Empty texts count as missing.
    package subscript(name: String) -> String? {
        get { members.last { $0.name == name }.flatMap { $0.text.isEmpty ? nil : $0.text } }
        set {
            members.removeAll { $0.name == name }
            if let newValue { members.append((name, newValue)) }
        }
    }

    package var names: [String] { members.map(\.name) }

    /// All values as strings.
    package var text: String {
        var buffer = ByteBuffer()
        for member in members {
            buffer.writeStaticString(buffer.readableBytes == 0 ? "{" : ",")
            buffer.writeJSONString(member.name)
            buffer.writeStaticString(":")
            buffer.writeJSONString(member.text)
        }
        buffer.writeStaticString(members.isEmpty ? "{}" : "}")
        return String(buffer: buffer)
    }

    package static func == (a: JSONMembers, b: JSONMembers) -> Bool {
        a.members.elementsEqual(b.members) { $0.name == $1.name && $0.text == $1.text }
    }
}
