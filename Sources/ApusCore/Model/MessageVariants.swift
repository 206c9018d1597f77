/// What of a message reads otherwise for devices of some languages and platforms. What a platform says is stronger than
/// what a language says.
package struct MessageVariants: Sendable, Equatable {
    /// What takes the place of the message's own; nil leaves that as it is.
    package struct Members: Sendable, Equatable {
        package var title: String?
        package var alert: String?
        package var uri: String?
        /// The text of one JSON value.
        package var extra: String?
        package var sound: String?
        package var badge: Int64?

        package init(
            title: String? = nil, alert: String? = nil, uri: String? = nil, extra: String? = nil, sound: String? = nil,
            badge: Int64? = nil
        ) {
            self.title = title
            self.alert = alert
            self.uri = uri
            self.extra = extra
            self.sound = sound
            self.badge = badge
        }
    }

    /// By language tags (RFC 5646) in lower case.
    package var languages: [String: Members]
    package var platforms: [Platform: Members]

    package init(languages: [String: Members] = [:], platforms: [Platform: Members] = [:]) {
        self.languages = languages
        self.platforms = platforms
    }

    package var isEmpty: Bool { languages.isEmpty && platforms.isEmpty }

    /// The language that is there for who wants `language`: the same, or the nearest that is more general, as `zh` for
    /// `zh-Hant-TW` (RFC 4647 §3.4).
    package func language(for language: String?) -> String? {
        guard var range = language?.lowercased(), !languages.isEmpty else { return nil }
        while languages[range] == nil {
            guard let end = range.lastIndex(of: "-") else { return nil }
            range = String(range[..<end])
            // A single letter only introduces what follows it.
            if range.dropLast().last == "-" { range.removeLast(2) }
        }
        return range
    }

    /// The content for a device, and a name that is the same for the same content.
    func applied(
        to content: MessageContent, _ platform: Platform, _ language: String?
    ) -> (MessageContent, name: String) {
        var adapted = content
        adapted.variants = nil
        let language = self.language(for: language)
        if let members = language.flatMap({ languages[$0] }) { adapted.apply(members) }
        if let members = platforms[platform] { adapted.apply(members) }
        return (adapted, "\(platforms[platform] == nil ? "" : platform.name) \(language ?? "")")
    }
}

extension MessageContent {
    fileprivate mutating func apply(_ members: MessageVariants.Members) {
        title = members.title ?? title
        alert = members.alert ?? alert
        uri = members.uri ?? uri
        extra = members.extra ?? extra
        sound = members.sound ?? sound
        badge = members.badge ?? badge
    }

    /// Bytes of texts and data together, in the largest of the variants.
    package var largestSize: Int {
        guard let variants else { return size }
        let inLanguages = [self] + variants.languages.values.map(with)
        let onPlatforms = variants.platforms.values.flatMap { members in inLanguages.map { $0.with(members) } }
        return (inLanguages + onPlatforms).map(\.size).max() ?? size
    }

    private func with(_ members: MessageVariants.Members) -> MessageContent {
        var content = self
        content.apply(members)
        return content
    }

    private var size: Int {
        [alert, title, uri, extra, smsMessage].reduce(0) { $0 + ($1?.utf8.count ?? 0) }
    }
}
