import ApusCore
import NIOCore

extension APNsPayload {
    func check() throws(ApusError) {
        var fields: [ApusError.Field] = []
        func require(_ isRight: Bool, _ name: String, _ message: String) {
            if !isRight { fields.append(ApusError.Field(name, code: "invalid", message)) }
        }
        if case .critical(_, let volume)? = sound {
            require((0...1).contains(volume), "sound.volume", "The volume must be from 0 to 1.")
        }
        if let badge { require(badge >= 0, "badge", "The badge must be 0 or more.") }
        if let relevanceScore {
            let range = liveActivity == nil ? 0...1 : -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
            require(range.contains(relevanceScore), "relevance-score", "The relevance score must be from 0 to 1.")
        }
        if let activity = liveActivity {
            require(
                activity.contentState != nil || activity.event == .end, "content-state",
                "A Live Activity needs a content state to start and to change.")
            require(
                activity.event != .start || (activity.attributesType != nil && activity.attributes != nil),
                "attributes", "A Live Activity needs attributes and their type to start.")
            require(Self.isObject(activity.contentState), "content-state", "The content state must be a JSON object.")
            require(Self.isObject(activity.attributes), "attributes", "The attributes must be a JSON object.")
        }
        for (index, member) in custom.enumerated() {
            require(member.name != "aps", "aps", "The name aps is Apple's. Choose another for the app's own data.")
            require(
                !custom[..<index].contains { $0.name == member.name }, member.name,
                "The name \(member.name) occurs twice.")
            require(Self.isJSON(member.json), member.name, "The value of \(member.name) must be JSON.")
        }
        if let first = fields.first {
            throw ApusError(.invalid, code: "apns_payload_invalid", first.message, fields: fields)
        }
    }

    private static func isJSON(_ text: String) -> Bool {
        do {
            try JSONScanner.withValue(in: ByteBuffer(string: text)) { try $0.skipValue() }
            return true
        } catch {
            return false
        }
    }

    private static func isObject(_ text: String?) -> Bool {
        guard let text else { return true }
        return text.first { !$0.isWhitespace } == "{" && isJSON(text)
    }
}
