import ApusCore
import NIOCore

/// What an app's own code finds in a notification, beside what is shown: members of JSON objects in their order.
struct AppData: Sendable, Equatable {
    private(set) var members: [(name: String, json: String)] = []

    init() {}

    /// The members of the message's own data, or `extra` if that is no object; `apusId`, the message's id, so that the
    /// app can confirm it; `uri`, what a tap opens; `apusRecall`, the message that this one takes back; `apusCommand`, what a command says; `apusPush`, what was posted to an
    /// endpoint. What is the sender's own is not overwritten.
    init(_ message: Message) {
        let content = message.content
        if content.push != nil {
            var buffer = ByteBuffer()
            buffer.writeMessage(message, for: .android)
            add("apusPush", json: String(buffer: buffer))
        } else if let extra = content.extra {
            if let object = AppData(object: extra) { self = object } else { add("extra", json: extra) }
        }
        add("apusId", string: message.id.description)
        add("apusRecall", string: content.recalls?.description)
        add("uri", string: content.uri)
        if content.kind == .command, content.push == nil, content.recalls == nil {
            add("apusCommand", string: content.alert)
        }
    }

    /// - Returns: nil if the text is no JSON object.
    init?(object text: String) {
        do {
            try JSONScanner.withObject(in: ByteBuffer(string: text)) { scanner in
                while let key = try scanner.nextKey() {
                    let name = key.string
                    add(name, json: try scanner.rawValue())
                }
            }
        } catch {
            return nil
        }
    }

    static func == (a: AppData, b: AppData) -> Bool {
        a.members.elementsEqual(b.members) { $0.name == $1.name && $0.json == $1.json }
    }

    func contains(_ name: String) -> Bool { members.contains { $0.name == name } }

    /// Does nothing if there is such a member already.
    mutating func add(_ name: String, json: String) {
        if !contains(name) { members.append((name, json)) }
    }

    mutating func add(_ name: String, string: String?) {
        guard let string else { return }
        var buffer = ByteBuffer()
        buffer.writeJSONString(string)
        add(name, json: String(buffer: buffer))
    }

    /// A JSON object.
    var json: String {
        "{" + members.map { "\(Self.quoted($0.name)):\($0.json)" }.joined(separator: ",") + "}"
    }

    /// The same, with values that are no texts as the texts of their JSON.
    var strings: AppData {
        var data = AppData()
        for (name, json) in members { data.add(name, json: json.hasPrefix("\"") ? json : Self.quoted(json)) }
        return data
    }

    private static func quoted(_ text: String) -> String {
        var buffer = ByteBuffer()
        buffer.writeJSONString(text)
        return String(buffer: buffer)
    }
}
