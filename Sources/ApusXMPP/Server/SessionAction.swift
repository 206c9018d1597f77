import ApusCore

/// What a session wants done.
enum SessionAction {
    case openStream(StreamHeader)
    case offer([StreamFeature])
    /// A stanza, which counts in stream management.
    case sendStanza(XMLElement)
    /// What was sent before and is sent again.
    case resendStanza(ManagedStanza)
    /// Any other element.
    case send(XMLElement)
    /// Encrypt what follows, and begin the stream anew.
    case startTLS
    case restartStream
    /// Ask, and hear nothing of the client until the answer is there.
    case ask(SessionQuestion)
    /// The client is known now: it takes the place of the account's earlier one.
    case claimAccount(String)
    /// Deliver what is pending for the device, and what comes.
    case attach(Account)
    case detach
    case confirm(MessageID, Receipt)
    /// The client does not take a push now.
    case giveBack(MessageID)
    /// The client counted these messages (XEP-0198).
    case noteArrived([MessageID])
    /// The same, of messages that were written on the stream that is resumed.
    case noteArrivedEarlier([MessageID], Account)
    /// A message from the client to an account. `number`: what `settled` is to be told once it is on disk or refused.
    case submit(XMLElement, to: String, number: UInt32?)
    /// A stanza for another client or a component.
    case route(XMLElement)
    case count(XMPPFeature)
    /// Close the stream, with an error if there is one.
    case end(StreamError?)
}

/// What a session has to ask the rest of the house.
enum SessionQuestion {
    case account(String)
    case password(String, LoginCandidate)
    case register(name: String, password: String)
    case setPassword(String, of: String)
    case removeAccount(String)
    case setAlias(String, Account)
    case setTags([String], Account)
    /// The stream of this id, whether its connection is gone or not.
    case stream(String, account: String)
}

/// The answer to a `SessionQuestion`.
enum SessionAnswer {
    case candidate(LoginCandidate)
    case password(isRight: Bool)
    case done
    case stream(SuspendedStream?)
    case failed(StanzaError)
}
