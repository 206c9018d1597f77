/// The `audience` of a push: kinds of targets, of which a device must match all, and of each any.
struct JPushAudience {
    private static let limits = [
        "tag": 20, "tag_and": 20, "tag_not": 20, "alias": 1000, "registration_id": 1000, "segment": 1, "abtest": 1,
    ]
    /// Bytes of a tag or an alias.
    private static let longestName = 40

    /// nil for everyone.
    let registrationIDs: [String]?

    init(_ value: JSONValue?) throws(VendorAnswer) {
        guard let value else { throw JPushError.missing.answer("audience is missing") }
        if value.string == "all" {
            registrationIDs = nil
            return
        }
        guard let kinds = value.members, !kinds.isEmpty else {
            throw JPushError.invalid.answer("audience must be \"all\" or an object")
        }
        for kind in kinds {
            guard let limit = Self.limits[kind.name] else {
                throw JPushError.unknownMember.answer("audience has no \(kind.name)")
            }
            guard let values = kind.value.strings, !values.isEmpty, values.allSatisfy({ !$0.isEmpty }) else {
                throw JPushError.invalid.answer("audience.\(kind.name) must be an array of strings")
            }
            guard values.count <= limit else {
                throw JPushError.invalid.answer("audience.\(kind.name) has more than \(limit) values")
            }
            let isName = kind.name.hasPrefix("tag") || kind.name == "alias"
            guard !isName || values.allSatisfy({ $0.utf8.count <= Self.longestName }) else {
                throw JPushError.invalid.answer(
                    "audience.\(kind.name) has a value of more than \(Self.longestName) bytes")
            }
        }
        registrationIDs = value["registration_id"]?.strings
    }
}
