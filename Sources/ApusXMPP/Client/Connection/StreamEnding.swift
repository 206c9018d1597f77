/// Why a stream that we opened is over, and what helps.
struct StreamEnding: Error, Equatable, Sendable {
    /// For people: what happened and, if they can help, what to change.
    let reason: String
    /// Whether connecting again cannot help before somebody changes something.
    let needsAttention: Bool
    /// Where the server wants us instead (`see-other-host`).
    let otherHost: StreamEndpoint?

    private init(_ reason: String, needsAttention: Bool, otherHost: StreamEndpoint? = nil) {
        self.reason = reason
        self.needsAttention = needsAttention
        self.otherHost = otherHost
    }

    /// Connecting again may help.
    static func lost(_ reason: String) -> StreamEnding { StreamEnding(reason, needsAttention: false) }

    /// Somebody has to change something.
    static func refused(_ reason: String) -> StreamEnding { StreamEnding(reason, needsAttention: true) }

    /// The server ended the stream with an error.
    init(_ error: StreamError) {
        let said =
            "The server ended the stream: \(error.condition.rawValue)" + (error.text.map { " (\($0))" } ?? "") + "."
        switch error.condition {
        case .seeOtherHost:
            self.init(said, needsAttention: false, otherHost: error.host.flatMap { StreamEndpoint($0) })
        case .conflict:
            // Connecting again at once would throw out the other, which does the same.
            self.init(said + " Another program uses the same address.", needsAttention: true)
        case .notAuthorized, .hostUnknown, .hostGone, .unsupportedVersion, .invalidNamespace:
            self.init(said, needsAttention: true)
        default: self.init(said, needsAttention: false)
        }
    }
}

/// Where a server listens.
struct StreamEndpoint: Equatable, Sendable {
    let host: String
    /// Nil for the usual one.
    let port: Int?

    init(host: String, port: Int?) {
        self.host = host
        self.port = port
    }

    /// Reads what `see-other-host` holds: a name or an address, which in IPv6 has brackets, and maybe a port
    /// (RFC 6120 §4.9.3.19).
    init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
            self.init(text[text.index(after: text.startIndex)..<end], rest.isEmpty ? nil : rest.dropFirst())
        } else {
            guard 1...2 ~= parts.count else { return nil }
            self.init(parts[0], parts.count == 2 ? parts[1] : nil)
        }
    }

    private init?(_ host: Substring, _ port: Substring?) {
        guard !host.isEmpty, !host.contains(where: \.isWhitespace) else { return nil }
        self.host = String(host)
        guard let port else {
            self.port = nil
            return
        }
        guard let number = Int(port), 1...65_535 ~= number else { return nil }
        self.port = number
    }
}
