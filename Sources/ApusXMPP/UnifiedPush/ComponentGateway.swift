package import ApusCore
package import Logging
package import NIOCore
import Synchronization

/// The gateway as a component of somebody else's XMPP server (XEP-0114). Distributors there are devices of one app, known
/// by their bare addresses, and reached as those of any other vendor are.
package final class ComponentGateway: PushProvider {
    /// What the gateway needs of the house, once that stands.
    private struct House: Sendable {
        let dispatcher: Dispatcher
        let endpoints: EndpointBook
        let apps: AppRegistry
        let gateway: PushGateway
    }

    private struct State {
        var house: House?
        var client: ComponentClient?
        /// Why there is no stream; nil if there is one.
        var problem: String? = "it has not connected yet"
        var answers = AwaitedAnswers()
        /// Distributors that said lately that they are there, by their bare addresses.
        var returned: [String: NIODeadline] = [:]
    }

    /// For how long a distributor counts as just returned.
    private static let recent = TimeAmount.minutes(2)
    private static let mostReturned = 10_000

    package let route = Route.component
    private let settings: ComponentGatewaySettings
    private let group: any EventLoopGroup
    private let clock: any Clock
    private let logger: Logger
    private let state = Mutex(State())

    package init(
        _ settings: ComponentGatewaySettings, group: any EventLoopGroup, clock: any Clock, logger: Logger
    ) {
        self.settings = settings
        self.group = group
        self.clock = clock
        self.logger = logger
    }

    /// Connects, and stays connected until `shutdown`.
    package func start(dispatcher: Dispatcher, endpoints: EndpointBook, apps: AppRegistry) {
        let gateway = PushGateway(
            address: settings.client.domain, dispatcher: dispatcher, endpoints: endpoints,
            device: { [weak self] in try await self?.device($0, registers: $1) },
            send: { [weak self] in self?.send($0) })
        let client = ComponentClient(settings.client, group: group, logger: logger) { [weak self] in self?.take($0) }
        state.withLock { state in
            state.house = House(dispatcher: dispatcher, endpoints: endpoints, apps: apps, gateway: gateway)
            state.client = client
        }
        client.start()
        group.next().scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { [weak self] task in
            guard let self, self.state.withLock({ $0.client != nil }) else { return task.cancel() }
            self.giveUpOverdue()
        }
    }

    package func shutdown() async {
        let (client, answers) = state.withLock { state in
            defer { state.client = nil }
            return (state.client, state.answers.takeAll())
        }
        await client?.stop()
        for answer in answers { answer.completion(.putOff("The server is stopping.")) }
    }

    // MARK: Devices

    /// The device of an address.
    /// - Parameter registers: whether it becomes one if it is not.
    private func device(_ sender: JID, registers: Bool) async throws -> DeviceNumber? {
        guard let house = state.withLock({ $0.house }), let app = house.apps[settings.appID] else {
            throw ApusError(
                .unavailable(retryAfter: 60), code: "no_app",
                "The gateway's app \(settings.appID) does not exist. Make it, or set unifiedpush.component_app.")
        }
        let token = house.endpoints.deviceToken(of: sender.bare.description)
        guard registers else {
            return try await house.dispatcher.query { try $0.device(withToken: token, of: app.number)?.number }
        }
        guard settings.allows(sender.domain) else { return nil }
        let registration = DeviceRegistration(
            app: app.number, alias: sender.bare.description, platform: .pc, nativeToken: token, vendor: route)
        let now = clock.now
        return try await house.dispatcher.update { transaction in
            let device = try transaction.deviceOrNew(registration, newID: RandomToken.hex128(), at: now)
            try transaction.setAddress(sender.description, of: device.number)
            return device.number
        }
    }

    /// A distributor is there again: what waits for it is sent to where it is now.
    private func returned(_ sender: JID) async throws {
        guard let house = state.withLock({ $0.house }), let device = try await device(sender, registers: false) else {
            return
        }
        try await house.dispatcher.update { try $0.setAddress(sender.description, of: device) }
        let now = clock.uptime
        state.withLock { state in
            state.answers.heard(device)
            guard state.returned.count < Self.mostReturned else { return }
            state.returned[sender.bare.description] = now
        }
        house.dispatcher.stranded(device)
    }

    // MARK: What the server sends

    private func take(_ event: XMPPClientEvent) {
        switch event {
        case .connected:
            state.withLock { $0.problem = nil }
            logger.info("the gateway is attached", metadata: ["domain": "\(settings.client.domain)"])
            sweep()
        case .disconnected(let reason, _), .failed(let reason, _):
            logger.warning("the gateway is not attached", metadata: ["why": "\(reason)"])
            let answers = state.withLock { state in
                state.problem = reason
                return state.answers.takeAll()
            }
            // Who was asked may have it all the same, and then drops it when it comes again.
            for answer in answers { answer.completion(later(reason, answer.delivery)) }
        case .stanza(let stanza): take(stanza)
        }
    }

    private func sweep() {
        guard let house = state.withLock({ $0.house }) else { return }
        for lane in house.dispatcher.lanes where lane.provider.route == route { lane.sweep() }
    }

    private func take(_ stanza: XMLElement) {
        let sender = stanza.attribute("from").flatMap { try? JID($0) }
        switch (stanza.name, stanza.attribute("type")) {
        case ("presence", nil):
            if let sender { Task { try? await returned(sender) } }
        case ("presence", _): break
        case ("iq", "result"), ("iq", "error"): takeAnswer(stanza, from: sender)
        case ("message", _): takeReceipt(stanza, from: sender)
        default: state.withLock { $0.house }?.gateway.receive(stanza)
        }
    }

    private func takeAnswer(_ iq: XMLElement, from sender: JID?) {
        guard let id = iq.attribute("id").flatMap({ MessageID($0) }), let sender,
            let answer = state.withLock({ $0.answers.take(id, from: sender) })
        else { return }
        guard iq.attribute("type") == "error" else {
            return answer.completion(
                VendorOutcome(.received, code: "unifiedpush.received", detail: "\(sender) has it."))
        }
        let error = StanzaError(in: iq) ?? StanzaError(.undefinedCondition)
        let reason = "\(sender) answered \(error.condition.rawValue)."
        guard [.itemNotFound, .featureNotImplemented].contains(error.condition) else {
            return answer.completion(later(reason, answer.delivery))
        }
        Task { await end(answer, by: sender, code: "unifiedpush.\(error.condition.rawValue)", reason) }
    }

    /// A client does not know the application of a push. It may be that of another client of the same account; else
    /// who posts to the endpoint is to hear that it is no more.
    private func end(_ answer: AwaitedAnswers.Answer, by sender: JID, code: String, _ reason: String) async {
        let (message, device) = (answer.delivery.message.id, answer.delivery.device)
        guard let house = state.withLock({ $0.house }),
            let owner = (try? await house.gateway.endpoint(of: message, to: device))?.registration.address,
            owner != sender.description
        else {
            answer.completion(VendorOutcome(.refused, code: code, detail: reason))
            try? await state.withLock({ $0.house })?.gateway.revoke(message, sender)
            return
        }
        try? await house.dispatcher.update { try $0.setAddress(owner, of: device) }
        answer.completion(
            VendorOutcome(
                .later(at: clock.now), code: "unifiedpush.elsewhere",
                detail: "\(reason) It is \(owner) that registered the endpoint."))
    }

    /// A receipt for the text of seed 002's protocol (XEP-0184).
    private func takeReceipt(_ message: XMLElement, from sender: JID?) {
        guard let sender, let id = message.child("received", Namespace.receipts)?.attribute("id"),
            let message = MessageID(id), let house = state.withLock({ $0.house })
        else { return }
        Task {
            guard let device = try? await device(sender, registers: false), !house.dispatcher.isCongested else {
                return
            }
            house.dispatcher.record([DeliveryChange(message, device, .received, at: clock.now)])
        }
    }

    private func send(_ stanza: XMLElement) {
        _ = state.withLock { $0.client }?.send(stanza)
    }

    // MARK: Pushes

    package func serves(_ app: AppNumber) -> Bool {
        state.withLock { $0.house?.apps }?[settings.appID]?.number == app
    }

    package func reaches(_ platform: Platform, _ vendor: Route?) -> Bool { vendor == route }

    package func problem(of app: AppNumber) -> String? { state.withLock { $0.problem } }

    package func submit(
        _ delivery: VendorDelivery, completion: @escaping @Sendable (VendorOutcome) -> Void
    ) -> Bool {
        guard let push = delivery.message.content.push, let registration = PushRegistration(name: push.registration)
        else {
            completion(
                VendorOutcome(
                    .refused, code: "unifiedpush.not_posted",
                    detail: "A distributor takes only what is posted to its endpoints."))
            return true
        }
        let stanza = PushStanzas.push(
            delivery.message, push, for: registration, from: settings.client.domain, to: delivery.token)
        let confirms = delivery.message.needsConfirmation
        guard !confirms || state.withLock({ $0.answers.mayAsk(delivery.device, at: clock.uptime) }) else {
            completion(later("\(delivery.token) does not answer.", delivery))
            return true
        }
        let (client, mayWait) = state.withLock { state in
            guard state.problem == nil else { return (nil as ComponentClient?, false) }
            let mayWait =
                !confirms || state.answers.await(delivery, until: clock.uptime + settings.answerTime, completion)
            return (state.client, mayWait)
        }
        guard let client, mayWait else { return false }
        guard client.send(stanza) else {
            if confirms { state.withLock { $0.answers.forget(delivery.message.id) } }
            return false
        }
        if !confirms {
            completion(
                VendorOutcome(.accepted, code: "unifiedpush.sent", detail: "It was sent to \(delivery.token)."))
        }
        return true
    }

    private func giveUpOverdue() {
        let now = clock.uptime
        let overdue = state.withLock { state in
            state.returned = state.returned.filter { $0.value + Self.recent > now }
            return state.answers.takeOverdue(at: now)
        }
        for answer in overdue {
            answer.completion(later("\(answer.delivery.token) did not answer.", answer.delivery))
        }
    }

    /// Again after a minute, then ever more seldom. Who came back meanwhile may be somewhere else by now, and is not kept
    /// waiting.
    private func later(_ reason: String, _ delivery: VendorDelivery) -> VendorOutcome {
        let address = (try? JID(delivery.token))?.bare.description ?? ""
        let isBack = state.withLock { $0.returned[address] != nil }
        let seconds = isBack ? 2 : Int64(60) << min(Int64(delivery.attempts), 6)
        return VendorOutcome(
            .later(at: clock.now.adding(seconds: seconds)), code: "unifiedpush.unanswered",
            detail: "\(reason) It is tried again in \(seconds) s, or when the distributor is there.")
    }

    // MARK: Credentials

    package func checked(_ credential: Credential) throws(ApusError) -> Credential {
        throw ApusError(
            .invalid, code: "no_credentials", "The gateway's secret is set by unifiedpush.component_secret.")
    }

    package func use(_ credentials: [Credential]) async {}
}

extension VendorOutcome {
    fileprivate static func putOff(_ reason: String) -> VendorOutcome {
        VendorOutcome(.putOff, code: "unifiedpush.unanswered", detail: reason)
    }
}
