/// One more way to reach somebody, if nobody has confirmed a message.
public struct EscalationStep: Sendable, Codable {
    public enum Way: String, Sendable, Codable {
        case sms
        case email
        /// The vendors of devices that have a connection of their own and do not confirm.
        case vendor
    }

    /// Seconds from the step before, or from acceptance.
    public var after: Int
    /// How those are told who were told last.
    public private(set) var via: Way?
    /// The aliases that get the message too.
    public private(set) var to: [String]?

    public init(after: Int, via: Way) {
        self.after = after
        self.via = via
    }

    public init(after: Int, to aliases: [String]) {
        self.after = after
        to = aliases
    }
}
