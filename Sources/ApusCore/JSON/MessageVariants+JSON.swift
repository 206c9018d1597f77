import NIOCore

/// Variants as the text of one JSON object, as stores keep them.
extension MessageVariants {
    package var json: String {
        var buffer = ByteBuffer()
        buffer.writeJSONObject { object in
            object.member("languages", objects: languages.sorted { $0.key < $1.key }) { entry, object in
                object.member("name", string: entry.key)
                entry.value.write(to: &object)
            }
            object.member("platforms", objects: platforms.sorted { $0.key.rawValue < $1.key.rawValue }) {
                entry, object in
                object.member("name", string: entry.key.name)
                entry.value.write(to: &object)
            }
        }
        return String(buffer: buffer)
    }

    /// - Throws: `JSONError` if it is something else.
    package init(json: String) throws {
        var read = MessageVariants()
        try JSONScanner.withObject(in: ByteBuffer(string: json)) { scanner in
            while let key = try scanner.nextKey() {
                let isLanguages = key == "languages"
                try scanner.beginArray()
                while try scanner.nextElement() {
                    let (name, members) = try Members.named(&scanner)
                    if isLanguages {
                        read.languages[name] = members
                    } else if let platform = Platform(name: name) {
                        read.platforms[platform] = members
                    }
                }
            }
        }
        self = read
    }
}

extension MessageVariants.Members {
    fileprivate func write(to object: inout JSONObjectWriter) {
        object.member("title", string: title)
        object.member("alert", string: alert)
        object.member("uri", string: uri)
        object.member("extra", raw: extra)
        object.member("sound", string: sound)
        object.member("badge", int: badge)
    }

    fileprivate static func named(_ scanner: inout JSONScanner) throws -> (String, MessageVariants.Members) {
        var (name, members) = ("", MessageVariants.Members())
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "name": name = try scanner.string()
            case "title": members.title = try scanner.string()
            case "alert": members.alert = try scanner.string()
            case "uri": members.uri = try scanner.string()
            case "extra": members.extra = try scanner.rawValue()
            case "sound": members.sound = try scanner.string()
            case "badge": members.badge = try scanner.int()
            default: try scanner.skipValue()
            }
        }
        return (name, members)
    }
}
