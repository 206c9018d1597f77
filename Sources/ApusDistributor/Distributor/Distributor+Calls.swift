import ApusCore
import Foundation

extension Distributor {
    private static let mostRegistrations = 1000
    private static let mostCallers = 8
    /// Seconds. Who calls a method waits 25 s for its answer, unless told otherwise.
    private static let patience: Int64 = 20

    mutating func receive(_ call: DistributorCall, _ message: DBusMessage, at now: Timestamp) -> [Action] {
        switch call {
        case .register(let request): return register(request, message, at: now)
        case .unregister(let token, let dialect): return unregister(token, dialect, message)
        case .revoke(let token):
            let registration = entries[token]?.registration
            let actions = registration.map { end($0, confirms: false) } ?? []
            return [.sendToBus(message.answer([.boolean(registration != nil)]))] + actions
        }
    }

    private mutating func register(
        _ request: RegistrationRequest, _ message: DBusMessage, at now: Timestamp
    ) -> [Action] {
        func refuse(_ reason: RegistrationFailure.Reason, _ text: String) -> [Action] {
            [answer(message, request.dialect, .failed(RegistrationFailure(reason: reason, text: text)))]
        }
        guard let service = request.service, let token = request.token else {
            return refuse(.internalError, "A service name and a token of 1 to 100 bytes are needed.")
        }
        if let known = entries[token] {
            guard known.registration.service == service else {
                return refuse(.unauthorized, "The token is that of another application.")
            }
        } else {
            guard entries.count < Self.mostRegistrations else {
                return refuse(.internalError, "There are too many registrations.")
            }
            insert(newRegistration(request, service, token, at: now))
        }
        var actions = update(token, request)
        actions += deliveries.connectorWasSeen(token) ? deliver(token) : []
        let caller = Caller(
            call: message, dialect: request.dialect, deadline: now.adding(seconds: Self.patience))
        return actions + serve(token, caller, at: now)
    }

    private func newRegistration(
        _ request: RegistrationRequest, _ service: BusName, _ token: String, at now: Timestamp
    ) -> Registration {
        Registration(
            service: service, appToken: token,
            identity: GatewayIdentity(of: service, publicToken: UUID().uuidString.lowercased(), device: device),
            dialect: request.dialect, description: request.description, vapidKey: request.vapidKey, createdAt: now)
    }

    /// Takes over what the application says of itself now.
    private mutating func update(_ token: String, _ request: RegistrationRequest) -> [Action] {
        guard let before = entries[token]?.registration else { return [] }
        var registration = before
        registration.dialect = request.dialect
        registration.description = request.description
        registration.vapidKey = request.vapidKey
        guard registration != before else { return [] }
        entries[token]?.registration = registration
        if registration.vapidKey != before.vapidKey { entries[token]?.isChanged = true }
        return registration.endpoint == nil ? [] : [.save(registration)]
    }

    /// Answers at once if the endpoint is good, else when the gateway has answered.
    private mutating func serve(_ token: String, _ caller: Caller, at now: Timestamp) -> [Action] {
        guard let entry = entries[token] else { return [] }
        if let endpoint = goodEndpoint(of: entry, at: now) {
            return announce(endpoint, of: entry.registration, to: [caller])
        }
        entries[token]?.callers.append(caller)
        if let loginProblem {
            return failCallers(with: RegistrationFailure(reason: .actionRequired, text: loginProblem)) { _ in true }
        }
        if case .failed(isCertain: true, _) = search { return failCallers(with: Self.noGateway) { _ in true } }
        if case .failed = entry.phase { entries[token]?.phase = .settled }
        let tooMany = failCallers(with: Self.tooManyCallers, of: token, keeping: Self.mostCallers)
        return tooMany + askForEndpoints(at: now)
    }

    private static let tooManyCallers = RegistrationFailure(
        reason: .internalError, text: "The same token is being registered too often.")

    // MARK: Unregistering

    private mutating func unregister(
        _ token: String, _ dialect: ConnectorDialect, _ message: DBusMessage
    ) -> [Action] {
        let confirmation: [Action] =
            if !message.expectsReply { [] } else {
                [.sendToBus(message.answer(dialect == .second ? [.dictionary([:])] : []))]
            }
        return confirmation + (entries[token].map { end($0.registration, confirms: true) } ?? [])
    }

    /// Ends a registration. The gateway hears of it now or when there is a connection.
    ///
    /// - Parameter confirms: whether the application asked for it.
    private mutating func end(_ registration: Registration, confirms: Bool) -> [Action] {
        guard let entry = entries[registration.appToken] else { return [] }
        let ended = RegistrationFailure(reason: .internalError, text: "The token was unregistered meanwhile.")
        var actions = entry.callers.map { answer($0.call, $0.dialect, .failed(ended)) }
        let departure = knowingGateway(of: entry).map { Departure(identity: registration.identity, gateway: $0) }
        drop(registration)
        actions.append(.remove(registration, departure))
        actions.append(.sendToBus(ConnectorCall.unregistered(registration, confirms: confirms)))
        if let departure {
            departures.append(departure)
            if address != nil { actions.append(.report(departure)) }
        }
        return actions
    }

    /// The gateway that has the registration, or was asked for it.
    private func knowingGateway(of entry: Entry) -> Gateway? {
        if case .asking(let gateway, _, _) = entry.phase { return gateway }
        return entry.registration.endpoint?.gateway
    }

    // MARK: Answers

    func answer(
        _ call: DBusMessage, _ dialect: ConnectorDialect, _ result: RegistrationResult
    ) -> Action {
        .sendToBus(call.answer(result.values(for: dialect)))
    }

    /// Answers those who wait for an endpoint, and tells the application, which wants to hear of it by both ways.
    func announce(_ endpoint: GatewayEndpoint, of registration: Registration, to callers: [Caller]) -> [Action] {
        callers.map { answer($0.call, $0.dialect, .succeeded(endpoint: endpoint.url)) }
            + [.sendToBus(ConnectorCall.newEndpoint(endpoint.url, for: registration))]
    }

    /// Answers those of all registrations who wait in vain. A registration that never had an endpoint and for which
    /// nobody waits any more is no registration.
    mutating func failCallers(
        with failure: RegistrationFailure, where isConcerned: (Caller) -> Bool
    ) -> [Action] {
        entries.keys.flatMap { failCallers(with: failure, of: $0, where: isConcerned) }
    }

    mutating func failCallers(
        with failure: RegistrationFailure, of token: String, where isConcerned: (Caller) -> Bool = { _ in true }
    ) -> [Action] {
        guard let entry = entries[token] else { return [] }
        let concerned = entry.callers.filter(isConcerned)
        guard !concerned.isEmpty else { return [] }
        entries[token]?.callers.removeAll(where: isConcerned)
        if entry.registration.endpoint == nil, concerned.count == entry.callers.count { drop(entry.registration) }
        return concerned.map { answer($0.call, $0.dialect, .failed(failure)) }
    }

    /// Answers all but the newest.
    private mutating func failCallers(
        with failure: RegistrationFailure, of token: String, keeping count: Int
    ) -> [Action] {
        guard let entry = entries[token], entry.callers.count > count else { return [] }
        entries[token]?.callers.removeFirst(entry.callers.count - count)
        return entry.callers.dropLast(count).map { answer($0.call, $0.dialect, .failed(failure)) }
    }
}
