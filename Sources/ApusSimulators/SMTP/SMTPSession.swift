import ApusCore

/// A connection of SMTP (RFC 5321), the server's side: takes lines, returns what to do.
struct SMTPSession: Sendable {
    enum Action: Sendable, Equatable {
        /// A reply of one or more lines.
        case reply(Int, [String])
        /// Decide about the message, and reply.
        case deliver(SMTPMessage)
        case close
    }

    private enum Phase {
        case commands
        /// The name is nil until it has come.
        case login(name: String?)
        case plain
        case data
    }

    private static let mostRecipients = 100

    private let settings: SMTPSettings
    /// The reply that was demanded for an address, from 400 to 599.
    private let demandedReply: @Sendable (String) -> Int?
    private var phase = Phase.commands
    private var isAuthenticated: Bool
    private var hasGreeted = false
    private var sender: String?
    private var recipients: [String] = []
    private var data: [UInt8] = []
    private var isTooLong = false

    init(_ settings: SMTPSettings, demandedReply: @escaping @Sendable (String) -> Int?) {
        self.settings = settings
        self.demandedReply = demandedReply
        isAuthenticated = settings.user == nil
    }

    var greeting: Action { .reply(220, ["simulator.example ESMTP"]) }

    /// - Parameter line: without its CRLF.
    mutating func receive(_ line: [UInt8]) -> [Action] {
        switch phase {
        case .commands: return take(command: String(decoding: line, as: UTF8.self))
        case .data: return take(data: line)
        case .plain: return authenticate(plain: String(decoding: line, as: UTF8.self))
        case .login(let name):
            guard let text = Self.decode(String(decoding: line, as: UTF8.self)) else { return endAuthentication(false) }
            if let name { return endAuthentication(name == settings.user && text == settings.password) }
            phase = .login(name: text)
            return [.reply(334, ["UGFzc3dvcmQ6"])]
        }
    }

    // MARK: Commands

    private mutating func take(command: String) -> [Action] {
        let words = command.split(separator: " ", maxSplits: 1)
        let arguments = words.count == 2 ? String(words[1]) : ""
        switch words.first?.uppercased() {
        case "EHLO", "HELO":
            hasGreeted = true
            reset()
            return [.reply(250, words[0].uppercased() == "EHLO" ? extensions : ["simulator.example"])]
        case "AUTH": return beginAuthentication(arguments)
        case "MAIL": return takeSender(arguments)
        case "RCPT": return takeRecipient(arguments)
        case "DATA":
            guard !recipients.isEmpty else { return [.reply(503, ["RCPT comes first"])] }
            phase = .data
            return [.reply(354, ["End with a full stop on a line of its own"])]
        case "RSET":
            reset()
            return [.reply(250, ["OK"])]
        case "NOOP": return [.reply(250, ["OK"])]
        case "VRFY": return [.reply(252, ["Send, and see"])]
        case "QUIT": return [.reply(221, ["Bye"]), .close]
        default: return [.reply(500, ["There is no such command"])]
        }
    }

    private var extensions: [String] {
        ["simulator.example", "PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE \(settings.sizeLimit)"]
            + (settings.user == nil ? [] : ["AUTH PLAIN LOGIN"])
    }

    private mutating func takeSender(_ arguments: String) -> [Action] {
        guard hasGreeted else { return [.reply(503, ["EHLO comes first"])] }
        guard isAuthenticated else { return [.reply(530, ["Authentication required"])] }
        guard sender == nil else { return [.reply(503, ["There is a sender already"])] }
        guard let (address, parameters) = Self.path(arguments, after: "FROM:") else {
            return [.reply(501, ["It must be MAIL FROM:<address>"])]
        }
        let size = parameters.lazy.filter { $0.uppercased().hasPrefix("SIZE=") }.compactMap { Int($0.dropFirst(5)) }
            .first
        guard size ?? 0 <= settings.sizeLimit else { return [.reply(552, ["The message is too long"])] }
        sender = address
        return [.reply(250, ["OK"])]
    }

    private mutating func takeRecipient(_ arguments: String) -> [Action] {
        guard sender != nil else { return [.reply(503, ["MAIL comes first"])] }
        guard let (address, _) = Self.path(arguments, after: "TO:"), !address.isEmpty else {
            return [.reply(501, ["It must be RCPT TO:<address>"])]
        }
        guard recipients.count < Self.mostRecipients else { return [.reply(452, ["Too many recipients"])] }
        if let code = demandedReply(address) {
            return [.reply(code, ["This was demanded"])] + (code == 421 ? [.close] : [])
        }
        recipients.append(address)
        return [.reply(250, ["OK"])]
    }

    private mutating func reset() {
        sender = nil
        recipients = []
        data = []
        isTooLong = false
        phase = .commands
    }

    /// What is between angle brackets, and the parameters behind them.
    private static func path(_ text: String, after label: String) -> (address: String, parameters: [Substring])? {
        guard text.uppercased().hasPrefix(label) else { return nil }
        let rest = text.dropFirst(label.count).drop { $0 == " " }
        guard rest.first == "<", let end = rest.firstIndex(of: ">") else { return nil }
        return (String(rest[rest.index(after: rest.startIndex)..<end]), rest[end...].dropFirst().split(separator: " "))
    }

    // MARK: Data

    /// Takes a line of a message; those that begin with a full stop have one more (RFC 5321 §4.5.2).
    private mutating func take(data line: [UInt8]) -> [Action] {
        let stop = UInt8(ascii: ".")
        if line == [stop] {
            let message = SMTPMessage(sender: sender ?? "", recipients: recipients, data: data)
            let isTooLong = isTooLong
            reset()
            return isTooLong ? [.reply(552, ["The message is too long"])] : [.deliver(message)]
        }
        let content = line.first == stop ? line.dropFirst() : line[...]
        isTooLong = isTooLong || data.count + content.count + 2 > settings.sizeLimit
        if !isTooLong { data += content + [13, 10] }
        return []
    }

    // MARK: Authentication (RFC 4954)

    private mutating func beginAuthentication(_ arguments: String) -> [Action] {
        guard hasGreeted, settings.user != nil else { return [.reply(503, ["There is no authentication"])] }
        guard !isAuthenticated else { return [.reply(503, ["Authenticated already"])] }
        let words = arguments.split(separator: " ").map(String.init)
        switch words.first?.uppercased() {
        case "PLAIN":
            if words.count == 2 { return authenticate(plain: words[1]) }
            phase = .plain
            return [.reply(334, [""])]
        case "LOGIN":
            let name = words.count == 2 ? Self.decode(words[1]) : nil
            phase = .login(name: name)
            return [.reply(334, [name == nil ? "VXNlcm5hbWU6" : "UGFzc3dvcmQ6"])]
        default: return [.reply(504, ["There are PLAIN and LOGIN"])]
        }
    }

    /// - Parameter text: identity, name and password with zeros between them (RFC 4616), in base 64.
    private mutating func authenticate(plain text: String) -> [Action] {
        let parts = Base64.decode(text)?.split(separator: 0, omittingEmptySubsequences: false) ?? []
        return endAuthentication(
            parts.count == 3 && parts[1].elementsEqual((settings.user ?? "").utf8)
                && parts[2].elementsEqual(settings.password.utf8))
    }

    private mutating func endAuthentication(_ isRight: Bool) -> [Action] {
        phase = .commands
        isAuthenticated = isRight
        return [isRight ? .reply(235, ["Authenticated"]) : .reply(535, ["Name or password is wrong"])]
    }

    private static func decode(_ text: String) -> String? {
        Base64.decode(text).map { String(decoding: $0, as: UTF8.self) }
    }
}
