import ApusCore
import NIOCore

/// What a send can say beside what ONE-PUSH knows: when it is sent, how urgent it is, what it replaces, and how it reads
/// for some languages and platforms.
struct SendOptions {
    private(set) var urgency: Urgency?
    private(set) var collapseKey: String?
    private(set) var variants: MessageVariants?
    private var time: Timestamp?

    private static let mostLanguages = 50
    private static let longestCollapseKey = 64
    /// Milliseconds: a year.
    private static let furthest: Int64 = 366 * 86_400_000

    mutating func read(
        _ key: JSONKey, _ scanner: inout JSONScanner, _ problems: inout FieldProblems
    ) throws(JSONError) {
        switch key {
        case "sendAt": try readTime(&scanner, &problems)
        case "collapseKey": try readCollapseKey(&scanner, &problems)
        case "priority": try readPriority(&scanner, &problems)
        case "localized": try readLanguages(&scanner, &problems)
        default: try readPlatforms(&scanner, &problems)
        }
    }

    /// When to send it; nil for at once.
    func sendAt(at now: @autoclosure () -> Timestamp, _ problems: inout FieldProblems) -> Timestamp? {
        guard let time else { return nil }
        let now = now()
        guard time > now else { return nil }
        if time.milliseconds - now.milliseconds > Self.furthest {
            problems.wrongValue("sendAt", "must not be more than a year ahead")
        }
        return time
    }

    private mutating func readTime(
        _ scanner: inout JSONScanner, _ problems: inout FieldProblems
    ) throws(JSONError) {
        let expected = "must be a time as in 2026-12-01T08:00:00+01:00, or milliseconds since 1970"
        switch try scanner.kind() {
        case .number:
            guard let milliseconds = try scanner.integer("sendAt", &problems) else { return }
            // What a message id can hold.
            time = (0..<(1 << 42)).contains(milliseconds) ? Timestamp(milliseconds: milliseconds) : nil
            if time == nil { problems.wrongValue("sendAt", expected) }
        case .string:
            time = ChosenTime.rfc3339(try scanner.string())
            if time == nil { problems.wrongValue("sendAt", expected) }
        case .null:
            try scanner.null()
        default:
            problems.wrongValue("sendAt", expected)
            try scanner.skipValue()
        }
    }

    private mutating func readCollapseKey(
        _ scanner: inout JSONScanner, _ problems: inout FieldProblems
    ) throws(JSONError) {
        collapseKey = try scanner.text("collapseKey", &problems, longest: .max)
        guard let collapseKey else { return }
        // The least that any vendor takes.
        let isPlain = collapseKey.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        if !isPlain || !(1...Self.longestCollapseKey).contains(collapseKey.utf8.count) {
            problems.wrongValue("collapseKey", "must be 1 to 64 visible ASCII characters without spaces")
        }
    }

    private mutating func readPriority(
        _ scanner: inout JSONScanner, _ problems: inout FieldProblems
    ) throws(JSONError) {
        let text: String?
        if try scanner.kind() == .number {
            text = try scanner.integer("priority", &problems).map(String.init)
        } else {
            text = try scanner.text("priority", &problems)
        }
        guard let text else { return }
        urgency = Urgency(priority: text)
        if urgency == nil {
            problems.wrongValue("priority", "must be 1 to 10, or very-low, low, normal or high")
        }
    }

    private mutating func readLanguages(
        _ scanner: inout JSONScanner, _ problems: inout FieldProblems
    ) throws(JSONError) {
        var languages: [String: MessageVariants.Members] = [:]
        var hasTooMany = false
        try scanner.members(of: "localized", &problems) { (name, scanner, problems) throws(JSONError) in
            let path = "localized.\(name.prefix(40))"
            hasTooMany = hasTooMany || languages.count == Self.mostLanguages
            guard LanguageTag.isValid(name), !hasTooMany else {
                if !hasTooMany { problems.wrongValue(path, "is no language tag; write it as in zh or pt-BR") }
                return try scanner.skipValue()
            }
            languages[name.lowercased()] = try Self.members(path, of: ["title", "alert"], &scanner, &problems)
        }
        if hasTooMany { problems.wrongValue("localized", "must not have more than \(Self.mostLanguages) languages") }
        add { $0.languages = languages }
    }

    private mutating func readPlatforms(
        _ scanner: inout JSONScanner, _ problems: inout FieldProblems
    ) throws(JSONError) {
        var platforms: [Platform: MessageVariants.Members] = [:]
        try scanner.members(of: "platforms", &problems) { (name, scanner, problems) throws(JSONError) in
            let path = "platforms.\(name.prefix(40))"
            guard let platform = Platform(name: name.uppercased()) else {
                problems.wrongValue(path, "is no platform: there are android, ios, pc and web")
                return try scanner.skipValue()
            }
            platforms[platform] = try Self.members(
                path, of: ["title", "alert", "uri", "extra", "sound", "badge"], &scanner, &problems)
        }
        add { $0.platforms = platforms }
    }

    private mutating func add(_ change: (inout MessageVariants) -> Void) {
        var changed = variants ?? MessageVariants()
        change(&changed)
        variants = changed.isEmpty ? nil : changed
    }

    private static func members(
        _ path: String, of known: [String], _ scanner: inout JSONScanner, _ problems: inout FieldProblems
    ) throws(JSONError) -> MessageVariants.Members {
        var members = MessageVariants.Members()
        try scanner.members(of: path, &problems) { (name, scanner, problems) throws(JSONError) in
            let member = "\(path).\(name.prefix(40))"
            switch known.contains(name) ? name : "" {
            case "title": members.title = try scanner.text(member, &problems, longest: .max)
            case "alert": members.alert = try scanner.text(member, &problems, longest: .max)
            case "uri": members.uri = try scanner.text(member, &problems, longest: .max)
            case "sound": members.sound = try scanner.text(member, &problems)
            case "badge": members.badge = try scanner.integer(member, &problems)
            case "extra": members.extra = try scanner.rawValue()
            default:
                problems.wrongValue(member, "is unknown: there are \(known.joined(separator: ", "))")
                try scanner.skipValue()
            }
        }
        return members
    }
}

extension JSONScanner {
    /// Reads an object's members; records what is wrong and skips it if it is none.
    /// - Parameter read: reads or skips the member's value.
    mutating func members(
        of name: String, _ problems: inout FieldProblems,
        read: (String, inout JSONScanner, inout FieldProblems) throws(JSONError) -> Void
    ) throws(JSONError) {
        switch try kind() {
        case .object:
            try beginObject()
            while let key = try nextKey() {
                let name = key.string
                try read(name, &self, &problems)
            }
        case .null:
            try null()
        default:
            problems.wrongType(name, "an object")
            try skipValue()
        }
    }
}

/// Names of languages (RFC 5646), as far as their form goes.
enum LanguageTag {
    static func isValid(_ tag: String) -> Bool {
        let parts = tag.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        return tag.utf8.count <= 35
            && parts.allSatisfy { (1...8).contains($0.count) && $0.allSatisfy(isAlphanumeric) }
            && (parts.first.map { $0.count > 1 } ?? false)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
