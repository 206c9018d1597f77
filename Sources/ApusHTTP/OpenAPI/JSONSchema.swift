/// A schema of the document (JSON Schema 2020-12).
struct JSONSchema: Sendable {
    private(set) var json: JSONTree

    init(_ json: JSONTree) {
        self.json = json
    }

    /// Any value.
    static let any = JSONSchema([:])
    static let string = JSONSchema(["type": "string"])
    /// A text that is not empty. How long one may be is counted in bytes, which no schema can say.
    static let text = JSONSchema(["type": "string", "minLength": 1])
    static let integer = JSONSchema(["type": "integer"])
    static let boolean = JSONSchema(["type": "boolean"])
    /// A whole number, or a text that is one.
    static let looseInteger = either(integer(.min ... .max), string(matching: "^-?[0-9]{1,18}$"))
    static let looseBoolean = either(boolean, oneOf("true", "false"))
    /// One text or a list of them.
    static let texts = either(string, list(of: string))
    static let nothing = object([:])
    /// RFC 3339 with milliseconds.
    static let time = JSONSchema(["type": "string", "format": "date-time"])

    static func string(matching pattern: String) -> JSONSchema {
        JSONSchema(["type": "string", "pattern": .text(pattern)])
    }

    static func integer(_ range: ClosedRange<Int>) -> JSONSchema {
        JSONSchema(["type": "integer", "minimum": .number(range.lowerBound), "maximum": .number(range.upperBound)])
    }

    static func oneOf(_ values: String...) -> JSONSchema {
        JSONSchema(["type": "string", "enum": .list(values.map { .text($0) })])
    }

    static func either(_ schemas: JSONSchema...) -> JSONSchema {
        JSONSchema(["anyOf": .list(schemas.map(\.json))])
    }

    static func list(of element: JSONSchema, _ count: ClosedRange<Int>? = nil) -> JSONSchema {
        var schema = JSONSchema(["type": "array", "items": element.json])
        guard let count else { return schema }
        schema.json["minItems"] = .number(count.lowerBound)
        schema.json["maxItems"] = .number(count.upperBound)
        return schema
    }

    /// An object; other members than these may come too. The name of one that may be missing ends with a question mark.
    static func object(_ members: KeyValuePairs<String, JSONSchema>) -> JSONSchema {
        var properties: [String: JSONTree] = [:]
        var required: [JSONTree] = []
        for (name, schema) in members {
            if name.hasSuffix("?") {
                properties[String(name.dropLast())] = schema.json
            } else {
                properties[name] = schema.json
                required.append(.text(name))
            }
        }
        var schema = JSONSchema(["type": "object", "properties": .object(properties)])
        if !required.isEmpty { schema.json["required"] = .list(required) }
        return schema
    }

    /// An object without any other members.
    static func closed(_ members: KeyValuePairs<String, JSONSchema>) -> JSONSchema {
        var schema = object(members)
        schema.json["additionalProperties"] = false
        return schema
    }

    /// An object as a caller sends it: null is as good as no member at all, and what is not known is ignored.
    static func input(_ members: KeyValuePairs<String, JSONSchema>) -> JSONSchema {
        var schema = object(members)
        for (name, member) in members where name.hasSuffix("?") {
            schema.json["properties"]?[String(name.dropLast())] = member.orNull.json
        }
        return schema
    }

    /// An object whose members all are of one kind.
    static func map(of element: JSONSchema, matching pattern: String? = nil) -> JSONSchema {
        var schema = JSONSchema(["type": "object", "additionalProperties": element.json])
        if let pattern { schema.json["propertyNames"] = ["pattern": .text(pattern)] }
        return schema
    }

    /// One of the document's own schemas.
    static func named(_ name: String) -> JSONSchema {
        JSONSchema(["$ref": .text("#/components/schemas/\(name)")])
    }

    /// It must also be as one of these schemas says.
    func either(_ schemas: [JSONTree]) -> JSONSchema {
        var schema = self
        schema.json["anyOf"] = .list(schemas)
        return schema
    }

    func requiring(_ name: String, _ member: JSONSchema) -> JSONSchema {
        var schema = self
        schema.json["properties"]?[name] = member.json
        guard case .list(let names) = json["required"] ?? [] else { return schema }
        schema.json["required"] = .list(names + [.text(name)])
        return schema
    }

    var orNull: JSONSchema { .either(self, JSONSchema(["type": "null"])) }

    func described(_ text: String) -> JSONSchema {
        var schema = self
        schema.json["description"] = .text(text)
        return schema
    }

    /// The value that stands for none given.
    func otherwise(_ value: JSONTree) -> JSONSchema {
        var schema = self
        schema.json["default"] = value
        return schema
    }
}
