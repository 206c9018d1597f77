import ApusCore

/// What a distributor registered: the application that pushes to the endpoint are for.
package enum PushRegistration: Hashable, Sendable {
    /// The public token of seed 002 (`unifiedpush.org`).
    case token(String)
    /// Conversations' protocol: standard base 64 of 32 bytes each, which say nothing to anybody else.
    case instance(application: String, instance: String)

    private static let tokenMark = "unifiedpush.org "
    private static let instanceMark = "unified-push "

    /// Reads the name that its endpoint is registered under.
    package init?(name: String) {
        if name.hasPrefix(Self.tokenMark) {
            self = .token(String(name.dropFirst(Self.tokenMark.count)))
        } else if name.hasPrefix(Self.instanceMark) {
            let parts = name.dropFirst(Self.instanceMark.count).split(separator: " ")
            guard parts.count == 2 else { return nil }
            self = .instance(application: String(parts[0]), instance: String(parts[1]))
        } else {
            return nil
        }
    }

    package var name: String {
        switch self {
        case .token(let token): Self.tokenMark + token
        case .instance(let application, let instance): "\(Self.instanceMark)\(application) \(instance)"
        }
    }

    /// Seed 002 carries pushes as the text of a message.
    var takesTextOnly: Bool {
        if case .token = self { true } else { false }
    }
}

extension Namespace {
    /// Seed 002.
    package static let unifiedPush = "unifiedpush.org"
    /// Conversations and its providers.
    package static let unifiedPushProvider = "http://gultsch.de/xmpp/drafts/unified-push"
}
