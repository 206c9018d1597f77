import ApusCore
import Hummingbird
import NIOCore

/// The parameters of a call of seed 004: a JSON object, a form or the query string; the body's are stronger.
struct BusinessFields {
    private var members: [String: String] = [:]
    private let form: FormFields

    init(_ request: Request, limit: Int) async throws {
        try self.init(body: try await request.body.collect(upTo: limit), query: request.uri.query)
    }

    init(body: ByteBuffer, query: String?) throws(ApusError) {
        let isJSON = body.readableBytesView.first { $0 > 0x20 } == UInt8(ascii: "{")
        form = FormFields(body: isJSON ? ByteBuffer() : body, query: query)
        guard isJSON else { return }
        try FieldProblems.eachMember(of: body) { (key, scanner) throws(JSONError) in
            let name = key.string
            switch try scanner.kind() {
            case .null: try scanner.null()
            case .string: members[name] = try scanner.string()
            default: members[name] = try scanner.rawValue()
            }
        }
    }

    /// Without the white space around it; nil if it is empty.
    subscript(name: String) -> String? {
        let text = (members[name] ?? form[name])?.trimmed
        return text.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A value as it came, as passwords are.
    func exact(_ name: String) -> String? { members[name] ?? form[name] }

    /// The values of these parameters, in order.
    /// - Throws: an error that names those that are missing or too long.
    func require(_ names: String..., longest: Int = 255) throws(ApusError) -> [String] {
        var problems = FieldProblems()
        var values: [String] = []
        for name in names {
            let value = self[name] ?? ""
            if value.isEmpty { problems.missing(name) }
            if value.utf8.count > longest { problems.wrongValue(name, "must not be longer than \(longest) bytes") }
            values.append(value)
        }
        try problems.check()
        return values
    }
}
