/// Whom a request is for: its `type` and what belongs to that.
enum UmengAudience {
    /// Device tokens or aliases: a message, which is answered with a `msg_id`.
    case targets([String], areTokens: Bool, prefix: String)
    /// A task, which is answered with a `task_id`.
    case file(String, prefix: String)
    case filter
    case everyone

    private static let mostTargets = 500

    init(_ body: JSONValue) throws(VendorAnswer) {
        guard let type = body["type"]?.string else { throw UmengError.answer(1016) }
        switch type {
        case "unicast": self = try Self.tokens(body, most: 1, prefix: "uu")
        case "listcast": self = try Self.tokens(body, most: Self.mostTargets, prefix: "ul")
        case "customizedcast":
            guard body["alias_type"]?.string?.isEmpty == false else { throw UmengError.answer(2049) }
            if let file = body["file_id"]?.string {
                self = .file(file, prefix: "uc")
            } else {
                let aliases = Self.list(body["alias"])
                guard !aliases.isEmpty else { throw UmengError.answer(2009) }
                guard aliases.count <= Self.mostTargets else { throw UmengError.answer(2011) }
                self = .targets(aliases, areTokens: false, prefix: "ua")
            }
        case "filecast":
            guard let file = body["file_id"]?.string else { throw UmengError.answer(2018) }
            self = .file(file, prefix: "uf")
        case "groupcast":
            guard body["filter"]?["where"]?.members != nil else { throw UmengError.answer(2016) }
            self = .filter
        case "broadcast": self = .everyone
        default: throw UmengError.answer(2048)
        }
    }

    var isTask: Bool {
        if case .targets = self { false } else { true }
    }

    private static func tokens(_ body: JSONValue, most: Int, prefix: String) throws(VendorAnswer) -> UmengAudience {
        let tokens = list(body["device_tokens"])
        guard !tokens.isEmpty else { throw UmengError.answer(1015) }
        guard tokens.count <= most else { throw UmengError.answer(2015) }
        return .targets(tokens, areTokens: true, prefix: prefix)
    }

    private static func list(_ value: JSONValue?) -> [String] {
        (value?.string ?? "").split(separator: ",").map(String.init)
    }
}
