import ApusCore
import NIOCore

/// What becomes of a device's tags: `{"tags":[…]}` takes the place of all, `{"add":[…],"remove":[…]}` changes some.
struct TagChange: Sendable {
    private var tags: [String]?
    private var added: [String] = []
    private var removed: [String] = []

    private static let most = 100

    init(replacing body: ByteBuffer) throws(ApusError) {
        var problems = FieldProblems()
        var tags: [String]?
        try FieldProblems.eachMember(of: body) { (key, scanner) throws(JSONError) in
            switch key {
            case "tags": tags = try scanner.texts("tags", &problems, most: Self.most)
            default: try scanner.skipValue()
            }
        }
        if tags == nil { problems.missing("tags") }
        try problems.check()
        self.tags = tags
    }

    init(changing body: ByteBuffer) throws(ApusError) {
        var problems = FieldProblems()
        var (added, removed): ([String]?, [String]?) = (nil, nil)
        try FieldProblems.eachMember(of: body) { (key, scanner) throws(JSONError) in
            switch key {
            case "add": added = try scanner.texts("add", &problems, most: Self.most)
            case "remove": removed = try scanner.texts("remove", &problems, most: Self.most)
            default: try scanner.skipValue()
            }
        }
        if added == nil, removed == nil { problems.missing("add") }
        try problems.check()
        self.added = added ?? []
        self.removed = removed ?? []
    }

    /// - Throws: `ApusError` if the device would have too many.
    func applied(to present: [String]) throws(ApusError) -> [String] {
        let changed = Set(tags ?? present).union(added).subtracting(removed)
        guard changed.count <= Self.most else {
            throw ApusError(
                .invalid, code: "too_many_tags",
                "The device would have \(changed.count) tags; at most \(Self.most) are allowed. Remove some.")
        }
        return changed.sorted()
    }
}
