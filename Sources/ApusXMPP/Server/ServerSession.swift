import ApusCore

/// One client's stream, from its header to its end: a state machine without I/O. What it is told of goes in, what is to
/// be done comes out of `takeActions()`. Its features stand in the extensions, a file each.
struct ServerSession {
    enum Phase: Equatable {
        /// The client has to open a stream: at first, after TLS, after SASL.
        case opening
        /// It has to say who it is.
        case authenticating
        /// SASL told who it is; it has to bind a resource or resume a stream.
        case binding
        case bound
        case ended
    }

    /// Who it is.
    struct Login {
        let account: Account
        /// Bound address; with a resource from `bound` on.
        var address: JID
        /// Whether messages are sent as AndroidPN notifications (seed 000).
        var usesNotifications: Bool
    }

    /// What the answer that is awaited is for.
    enum Pending {
        case legacyFields(XMLElement, name: String)
        case legacyLogin(XMLElement, LegacyLogin)
        case legacyPassword(XMLElement, LegacyLogin, LoginCandidate)
        case plain(SASLPlain)
        case plainPassword(LoginCandidate)
        case scram(SCRAMServer)
        case resumption(handled: UInt32)
        /// A change; the stanza is answered with its outcome.
        case change(XMLElement)
        case registration(XMLElement)
        case removal(XMLElement)
    }

    let settings: XMPPSettings
    let services: ServiceList
    private(set) var phase = Phase.opening
    private(set) var isEncrypted: Bool
    private(set) var streamID = ""
    private var hasOpened = false
    var sasl: SASLExchange?
    var login: Login?
    var isAvailable = false
    /// Nil once the stream has ended.
    var management: StreamManagement? {
        didSet { if management != nil { isManaged = true } }
    }
    /// Whether the client counts, or counted before the stream ended: what it has not counted may not have arrived.
    private(set) var isManaged = false
    /// Messages that were sent and not displayed yet.
    var undisplayed = RecentMessages()
    private var pending: Pending?
    private var failures = 0
    private var actions: [SessionAction] = []

    /// Logins that may fail on one stream.
    private static let mostFailures = 5

    init(_ settings: XMPPSettings, services: ServiceList, isEncrypted: Bool) {
        self.settings = settings
        self.services = services
        self.isEncrypted = isEncrypted
    }

    /// Whether an answer is awaited, and nothing of the client is to be taken until then.
    var isAsking: Bool { pending != nil }

    /// Whether the client asked to have its account removed; the answer to that ends the stream.
    var isRemovingAccount: Bool {
        if case .removal = pending { true } else { false }
    }

    var address: JID? { phase == .bound ? login?.address : nil }

    mutating func takeActions() -> [SessionAction] {
        defer { actions = [] }
        return actions
    }

    mutating func act(_ action: SessionAction) {
        actions.append(action)
    }

    mutating func ask(_ question: SessionQuestion, for purpose: Pending) {
        pending = purpose
        act(.ask(question))
    }

    // MARK: What comes

    mutating func receive(_ event: StreamEvent) {
        guard phase != .ended else { return }
        switch event {
        case .streamOpened(let header): open(header)
        case .element(let element): receive(element)
        case .whitespace: break
        case .streamClosed: end(nil)
        }
    }

    private mutating func receive(_ element: XMLElement) {
        switch element.namespace {
        case Namespace.client: receiveStanza(element)
        case Namespace.tls: receiveTLS(element)
        case Namespace.sasl: receiveSASL(element)
        case Namespace.streamManagement: receiveManagement(element)
        case Namespace.clientState: receiveClientState(element)
        case Namespace.streams where element.name == "error": end(nil)
        default: end(StreamError(.unsupportedStanzaType))
        }
    }

    /// The answer to what was asked.
    mutating func receive(_ answer: SessionAnswer) {
        guard let purpose = pending, phase != .ended else { return }
        pending = nil
        switch (purpose, answer) {
        case (.legacyFields(let iq, let name), .candidate(let candidate)): offerFields(iq, name, candidate)
        case (.legacyLogin(let iq, let attempt), .candidate(let candidate)): logIn(iq, attempt, candidate)
        case (.legacyPassword(let iq, let attempt, let candidate), .password(let isRight)):
            finishLegacyLogin(iq, attempt, isRight ? candidate.account : nil)
        case (.plain(let message), .candidate(let candidate)):
            ask(.password(message.password, candidate), for: .plainPassword(candidate))
        case (.plainPassword(let candidate), .password(let isRight)):
            finishSASL(isRight ? candidate.account : nil, .plain)
        case (.scram(let server), .candidate(let candidate)): challenge(server, candidate)
        case (.resumption(let handled), .stream(let stream)): resume(stream, handled)
        case (.change(let iq), .done): reply(to: iq)
        case (.registration(let iq), .done):
            act(.count(.registration))
            reply(to: iq)
        case (.removal(let iq), .done):
            reply(to: iq)
            end(StreamError(.notAuthorized, text: "The account was removed."))
        case (.plain, .failed), (.plainPassword, .failed), (.scram, .failed):
            act(.send(SASLFailure(.temporaryAuthFailure).element))
        case (.legacyFields(let iq, _), .failed(let error)), (.legacyLogin(let iq, _), .failed(let error)),
            (.legacyPassword(let iq, _, _), .failed(let error)), (.change(let iq), .failed(let error)),
            (.registration(let iq), .failed(let error)),
            (.removal(let iq), .failed(let error)):
            refuse(iq, error)
        default: end(StreamError(.internalServerError))
        }
    }

    // MARK: The stream

    private mutating func open(_ header: StreamHeader) {
        streamID = String(RandomToken.hex128().prefix(15))
        hasOpened = true
        // Whatever name the client uses for us, ours is the one it learns: AndroidPN clients connect by address.
        act(
            .openStream(
                StreamHeader(
                    namespace: Namespace.client, from: settings.domain, id: streamID,
                    language: header.language ?? "en", version: "1.0")))
        guard header.namespace == Namespace.client else { return end(StreamError(.invalidNamespace)) }
        if let version = header.version, let major = version.split(separator: ".").first.flatMap({ Int($0) }), major > 1
        {
            return end(StreamError(.unsupportedVersion))
        }
        phase = login == nil ? .authenticating : .binding
        act(.offer(features))
    }

    private var features: [StreamFeature] {
        guard login == nil else { return [.bind, .session, .streamManagement, .rosterVersions] }
        var features: [StreamFeature] = []
        if settings.offersTLS, !isEncrypted {
            features.append(.startTLS(required: settings.requiresTLS))
            if settings.requiresTLS { return features }
        }
        features += [.mechanisms(mechanisms), .legacyAuth]
        if settings.registrationApp != nil { features.append(.register) }
        return features
    }

    /// Whether a client may say who it is, or has to encrypt its stream first.
    var mayAuthenticate: Bool { isEncrypted || !settings.requiresTLS }

    /// Whether it may say its password.
    var mayUsePasswords: Bool { isEncrypted || settings.allowsPlainPasswords }

    private mutating func receiveTLS(_ element: XMLElement) {
        guard element.name == "starttls", settings.offersTLS, !isEncrypted, phase == .authenticating else {
            act(.send(XMLElement("failure", Namespace.tls)))
            return end(nil)
        }
        act(.send(XMLElement("proceed", Namespace.tls)))
        act(.startTLS)
        isEncrypted = true
        expectStream()
    }

    /// SASL told who it is.
    mutating func authenticated(_ account: Account) {
        guard let address = try? JID(node: account.name, domain: settings.domain) else {
            return end(StreamError(.internalServerError))
        }
        login = Login(account: account, address: address, usesNotifications: false)
        expectStream()
        act(.restartStream)
    }

    /// The client opens a new stream on the same connection.
    private mutating func expectStream() {
        phase = .opening
        hasOpened = false
        sasl = nil
    }

    /// The client has its address.
    mutating func bound(to address: JID, usesNotifications: Bool) {
        login?.address = address
        login?.usesNotifications = usesNotifications
        phase = .bound
        act(.claimAccount(address.node ?? ""))
    }

    /// A login failed. Who fails too often is cut off.
    mutating func countFailure() {
        failures += 1
        act(.count(.loginFailed))
        if failures >= Self.mostFailures { end(StreamError(.policyViolation, text: "Too many logins failed.")) }
    }

    /// The stream ends: because of the client, or because of an error of its.
    mutating func end(_ error: StreamError?) {
        guard phase != .ended else { return }
        if !hasOpened {
            act(.openStream(StreamHeader(from: settings.domain, id: "0", language: "en", version: "1.0")))
        }
        // A stream that was closed in order cannot be resumed; its last count helps the client all the same.
        if let management, error == nil { act(.send(acknowledgement(of: management))) }
        management = nil
        goUnavailable()
        phase = .ended
        pending = nil
        act(.end(error))
    }

    /// The connection is gone.
    /// - Returns: what a later connection can go on with.
    mutating func disconnected() -> SuspendedStream? {
        guard phase == .bound, let login, let management, management.id != nil else { return nil }
        phase = .ended
        self.management = nil
        return SuspendedStream(
            account: login.account, address: login.address, usesNotifications: login.usesNotifications,
            management: management, isAvailable: isAvailable, undisplayed: undisplayed)
    }
}
