package import ApusCore
import Mustache
import NIOCore

/// What goes into templates: a JSON object.
///
/// Numbers stay as they are written. `null`, `false` and an empty list hide a section, as a missing name does.
package struct TemplateParameters {
    /// Bytes of the JSON text at most.
    package static let largest = 65_536

    let root: TemplateObject
    let lookups: TemplateLookups

    /// - Throws: `ApusError` if it is no JSON object, or too large.
    package init(_ json: String) throws(ApusError) {
        guard json.utf8.count <= Self.largest else {
            throw Self.error(.tooLarge, "The parameters may have \(Self.largest) bytes.")
        }
        let lookups = TemplateLookups()
        do {
            root = try JSONScanner.withObject(in: ByteBuffer(string: json)) { scanner in
                try Self.object(&scanner, lookups, isRoot: true)
            }
        } catch {
            throw Self.error(.invalid, "The parameters must be a JSON object: \(error).")
        }
        self.lookups = lookups
    }

    private static func object(
        _ scanner: inout JSONScanner, _ lookups: TemplateLookups, isRoot: Bool = false
    ) throws -> TemplateObject {
        var members: [String: Any] = [:]
        while let key = try scanner.nextKey() { members[key.string] = try value(&scanner, lookups) }
        return TemplateObject(members: members, isRoot: isRoot, lookups: lookups)
    }

    private static func value(_ scanner: inout JSONScanner, _ lookups: TemplateLookups) throws -> Any {
        switch try scanner.kind() {
        case .object:
            try scanner.beginObject()
            return try object(&scanner, lookups)
        case .array:
            try scanner.beginArray()
            var elements: [Any] = []
            while try scanner.nextElement() { elements.append(try value(&scanner, lookups)) }
            return elements
        case .string: return try scanner.string()
        case .number: return try scanner.rawValue()
        case .bool: return try scanner.bool()
        case .null:
            try scanner.null()
            return TemplateNull()
        }
    }

    private static func error(_ kind: ApusError.Kind, _ message: String) -> ApusError {
        ApusError(kind, code: "template_parameters_invalid", message)
    }
}

/// An object among the parameters; it reports what is looked up in it.
struct TemplateObject: MustacheParent, MustacheCustomRenderable {
    let members: [String: Any]
    let isRoot: Bool
    let lookups: TemplateLookups

    func child(named name: String) -> Any? {
        lookups.looked(up: name, inRoot: isRoot, finding: members[name])
    }

    var renderText: String { "" }
    var isNull: Bool { false }
}

/// `null`, which is there and shows nothing.
struct TemplateNull: MustacheCustomRenderable {
    var renderText: String { "" }
    var isNull: Bool { true }
}
