import ApusCore
import ApusXMPP

/// Decides what the distributor does: a state machine without I/O. Calls of applications, answers of gateways, pushes
/// and the time go in, actions come out.
///
/// What is about applications is in `+Calls`, about endpoints in `+Endpoints`, about pushes in `+Pushes`.
struct Distributor {
    enum Action: Equatable {
        case sendToBus(DBusMessage)
        case sendToServer(XMLElement)
        /// Put the registration on disk. Only those that have an endpoint are.
        case save(Registration)
        case remove(Registration, Departure?)
        case findGateway(inUse: Gateway?)
        /// Ask the gateway for an endpoint, and tell what comes of it by `receiveEndpoint`.
        case askForEndpoint(Registration, Gateway, attempt: Int)
        /// Tell a gateway, and then the book if it answered.
        case report(Departure)
        /// Put a push on disk, then acknowledge it and tell by `pushWasKept`.
        case keep(GatewayPush, [UInt8], Registration)
        /// Bring its application the oldest push, and tell by `delivered` or `undelivered`.
        case deliver(Registration)
    }

    /// A registration, with those who wait for its endpoint.
    struct Entry {
        enum Phase: Equatable {
            case settled
            case asking(Gateway, vapidKey: String?, attempt: Int)
            case failed(retryAt: Timestamp)
        }

        var registration: Registration
        var callers: [Caller] = []
        var phase = Phase.settled
        /// How often the gateway refused in a row.
        var failures = 0
        /// Whether the gateway has to hear of a change although the endpoint holds.
        var isChanged = false
    }

    /// Who called `Register` and has no answer yet.
    struct Caller {
        let call: DBusMessage
        let dialect: ConnectorDialect
        let deadline: Timestamp
    }

    enum Search: Equatable {
        case idle
        case running
        case failed(isCertain: Bool, retryAt: Timestamp)
    }

    /// What happened since the start.
    struct Counts: Equatable, Sendable {
        var received = 0
        var delivered = 0
        /// Pushes from somebody who is not the gateway.
        var foreign = 0
    }

    /// Makes identities that cannot be recognised on another device.
    let device: String
    var entries: [String: Entry] = [:]
    /// App tokens by what gateways call them.
    var byInstance: [String: String] = [:]
    var byPublicToken: [String: String] = [:]
    var departures: [Departure]
    var deliveries = Deliveries()
    var recent = RecentPushes()
    var counts = Counts()
    var lastAttempt = 0

    /// The own full address; nil while there is no connection.
    var address: JID?
    /// Why the server does not let us in, if somebody has to do something about it.
    var loginProblem: String?
    var gateway: Gateway?
    var search = Search.idle

    init(device: String, registrations: [Registration], departures: [Departure]) {
        self.device = device
        self.departures = departures
        for registration in registrations { insert(registration) }
        // It is likely the same as before, and pushes may come before the search has ended.
        gateway = registrations.last?.endpoint?.gateway
    }

    mutating func insert(_ registration: Registration) {
        entries[registration.appToken] = Entry(registration: registration)
        byInstance[registration.identity.instance] = registration.appToken
        byPublicToken[registration.identity.publicToken] = registration.appToken
    }

    mutating func drop(_ registration: Registration) {
        entries[registration.appToken] = nil
        byInstance[registration.identity.instance] = nil
        byPublicToken[registration.identity.publicToken] = nil
        deliveries.forget(registration.appToken)
    }

    // MARK: The connection

    mutating func connected(as address: JID, resumed: Bool, at now: Timestamp) -> [Action] {
        self.address = address
        loginProblem = nil
        guard resumed, search == .idle, gateway != nil else { return findGateway() }
        return greetGateway() + askForEndpoints(at: now)
    }

    mutating func disconnected() {
        address = nil
        if search == .running { search = .idle }
        for token in entries.keys {
            if case .asking = entries[token]?.phase { entries[token]?.phase = .settled }
        }
    }

    /// - Parameter problem: what somebody has to change.
    mutating func loginFailed(_ problem: String) -> [Action] {
        disconnected()
        loginProblem = problem
        return failCallers(with: RegistrationFailure(reason: .actionRequired, text: problem)) { _ in true }
    }

    // MARK: The gateway

    private mutating func findGateway() -> [Action] {
        search = .running
        return [.findGateway(inUse: gateway)]
    }

    mutating func searchEnded(_ outcome: GatewaySearch.Outcome, at now: Timestamp) -> [Action] {
        guard search == .running else { return [] }
        switch outcome {
        case .found(let gateway):
            self.gateway = gateway
            search = .idle
            return greetGateway() + askForEndpoints(at: now)
        case .unclear:
            search = .failed(isCertain: false, retryAt: now.adding(seconds: 30))
            return []
        case .none:
            search = .failed(isCertain: true, retryAt: now.adding(seconds: 600))
            return failCallers(with: Self.noGateway) { _ in true }
        }
    }

    /// What keeps applications from getting endpoints; empty if nothing does.
    var problem: String {
        if let loginProblem { return loginProblem }
        return if case .failed(isCertain: true, _) = search { Self.noGateway.text } else { "" }
    }

    static let noGateway = RegistrationFailure(
        reason: .actionRequired, text: "The server offers no gateway. Set one in the configuration.")

    /// Says that we are there, if there is something to get, and what ended while we were not.
    private func greetGateway() -> [Action] {
        presence() + departures.map(Action.report)
    }

    func presence() -> [Action] {
        guard let gateway, entries.values.contains(where: { $0.registration.endpoint != nil }) else { return [] }
        // Messages wait on the server until the account is present; IQs do not.
        let broadcast = gateway.dialect == .genofire ? [Action.sendToServer(GatewayRequest.presence)] : []
        return broadcast + [.sendToServer(GatewayRequest.presence(to: gateway))]
    }

    /// The gateway has heard of it, whatever it thinks of it.
    mutating func reported(_ departure: Departure) {
        departures.removeAll { $0 == departure }
    }

    // MARK: Time

    /// Does what is due.
    mutating func tick(at now: Timestamp) -> [Action] {
        var actions = failCallers(with: Self.noAnswer) { $0.deadline <= now }
        if address != nil, case .failed(_, let retryAt) = search, retryAt <= now { actions += findGateway() }
        actions += askForEndpoints(at: now)
        actions += deliveries.due(at: now).compactMap { entries[$0].map { .deliver($0.registration) } }
        return actions
    }

    /// When `tick` has something to do, if nothing else happens before.
    var nextDeadline: Timestamp? {
        var times = entries.values.flatMap { $0.callers.map(\.deadline) }
        if address != nil, case .failed(_, let retryAt) = search { times.append(retryAt) }
        if canAsk { times += entries.values.compactMap(nextAttempt) }
        return (times + [deliveries.nextDeadline].compactMap { $0 }).min()
    }

    private static let noAnswer = RegistrationFailure(reason: .network, text: "xmpp unable recv iq to gateway")
}
