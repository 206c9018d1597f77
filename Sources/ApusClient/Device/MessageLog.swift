/// What a device says of a message.
public struct Receipt: Sendable, Hashable {
    public enum Kind: String, Sendable {
        /// The device has it.
        case confirmed = "CFM"
        /// Its user has seen it.
        case read = "READ"
    }

    public let kind: Kind
    public let messageID: String

    public init(_ kind: Kind, of messageID: String) {
        self.kind = kind
        self.messageID = messageID
    }
}

/// Remembers a device's receipts beyond the end of its process. What was confirmed before is then not handed out again,
/// and what the server may not have heard is said again.
public protocol MessageLog: Sendable {
    /// What was noted in earlier processes, oldest first. Asked for once, before anything is noted.
    var entries: [MessageLogEntry] { get }

    /// Notes an entry behind all others. When this returns, it survives the end of the process.
    func note(_ entry: MessageLogEntry) throws
}

/// A line of a message log.
public enum MessageLogEntry: Sendable, Hashable {
    /// The app has said this of a message.
    case receipt(Receipt)
    /// The server has heard all receipts above.
    case heard
}
