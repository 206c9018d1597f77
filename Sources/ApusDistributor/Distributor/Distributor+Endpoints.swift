import ApusCore

extension Distributor {
    /// Requests to the gateway at one time.
    private static let mostRequests = 8
    /// Of a gateway that refused.
    private static let retryDelay = RetryDelay(shortest: 30, longest: 3600)

    /// The endpoint if it can be told to an application: it holds, and nothing known says that another comes instead.
    func goodEndpoint(of entry: Entry, at now: Timestamp) -> GatewayEndpoint? {
        guard let endpoint = entry.registration.endpoint, !entry.isChanged else { return nil }
        if let expiresAt = endpoint.expiresAt, expiresAt <= now { return nil }
        if let address, let gateway, endpoint.gateway != gateway || endpoint.address != address { return nil }
        return endpoint
    }

    /// When to ask the gateway for the endpoint; nil while it is asked, or cannot be.
    func nextAttempt(for entry: Entry) -> Timestamp? {
        guard let gateway, let address, search == .idle else { return nil }
        switch entry.phase {
        case .asking: return nil
        case .failed(let retryAt): return retryAt
        case .settled:
            // What has no good endpoint is due since it was made.
            guard let endpoint = entry.registration.endpoint, !entry.isChanged, endpoint.gateway == gateway,
                endpoint.address == address
            else { return entry.registration.createdAt }
            return endpoint.renewAt
        }
    }

    /// Asks for the endpoints that are due, a few at a time, those first for which somebody waits.
    mutating func askForEndpoints(at now: Timestamp) -> [Action] {
        guard let gateway, canAsk else { return [] }
        let due = entries.values
            .filter { entry in nextAttempt(for: entry).map { $0 <= now } ?? false }
            .sorted { $0.urgency < $1.urgency }
        return due.prefix(Self.mostRequests - askingCount).map { entry in
            lastAttempt += 1
            entries[entry.registration.appToken]?.phase = .asking(
                gateway, vapidKey: entry.registration.vapidKey, attempt: lastAttempt)
            return .askForEndpoint(entry.registration, gateway, attempt: lastAttempt)
        }
    }

    /// Whether there is room for another request. If not, the next answer makes some.
    var canAsk: Bool { askingCount < Self.mostRequests }

    private var askingCount: Int {
        entries.values.count { if case .asking = $0.phase { true } else { false } }
    }

    /// - Parameter attempt: an answer to an attempt that was given up comes too late.
    mutating func receiveEndpoint(
        _ answer: LinkAnswer, for token: String, attempt: Int, at now: Timestamp
    ) -> [Action] {
        guard let entry = entries[token], let address,
            case .asking(let gateway, let vapidKey, attempt) = entry.phase
        else { return [] }
        do throws(RegistrationFailure) {
            let granted = try GrantedEndpoint(answer, from: gateway.dialect)
            let endpoint = GatewayEndpoint(
                url: granted.url, gateway: gateway, address: address, registeredAt: now, expiresAt: granted.expiresAt)
            return take(endpoint, entry, vapidKey: vapidKey) + askForEndpoints(at: now)
        } catch {
            return fail(error, entry, at: now) + askForEndpoints(at: now)
        }
    }

    /// - Parameter vapidKey: of which the gateway knows now.
    private mutating func take(_ endpoint: GatewayEndpoint, _ entry: Entry, vapidKey: String?) -> [Action] {
        let isFirst = !entries.values.contains { $0.registration.endpoint != nil }
        var registration = entry.registration
        let before = registration.endpoint
        registration.endpoint = endpoint
        entries[registration.appToken] = Entry(
            registration: registration, isChanged: registration.vapidKey != vapidKey)
        var actions: [Action] = [.save(registration)]
        if isFirst { actions += presence() }
        if before?.url != endpoint.url || !entry.callers.isEmpty {
            actions += announce(endpoint, of: registration, to: entry.callers)
        }
        if let before, before.gateway != endpoint.gateway {
            // It need not keep what nobody uses any more.
            actions.append(.report(Departure(identity: registration.identity, gateway: before.gateway)))
        }
        return actions
    }

    private mutating func fail(_ failure: RegistrationFailure, _ entry: Entry, at now: Timestamp) -> [Action] {
        let token = entry.registration.appToken
        let failures = entry.failures + 1
        entries[token]?.failures = failures
        entries[token]?.phase = .failed(
            retryAt: now.adding(seconds: Self.retryDelay.seconds(after: failures)))
        return failCallers(with: failure, of: token)
    }
}

extension Distributor.Entry {
    /// The lower comes first.
    fileprivate var urgency: (Int, Timestamp) { (callers.isEmpty ? 1 : 0, registration.createdAt) }
}
