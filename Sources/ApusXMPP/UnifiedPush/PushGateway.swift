import ApusCore

/// The gateway's own address: distributors register endpoints there, and say what became of pushes. The same on the
/// server of ours and as a component of another (XEP-0114), which differ in whose device an address is.
final class PushGateway: Sendable {
    let address: String
    private let dispatcher: Dispatcher
    private let endpoints: EndpointBook
    private let device: @Sendable (JID, _ registers: Bool) async throws -> DeviceNumber?
    private let send: @Sendable (XMLElement) -> Void

    /// - Parameters:
    ///   - device: whose device an address is; nil if it may not register.
    ///   - send: sends a stanza from the gateway.
    init(
        address: String, dispatcher: Dispatcher, endpoints: EndpointBook,
        device: @escaping @Sendable (JID, _ registers: Bool) async throws -> DeviceNumber?,
        send: @escaping @Sendable (XMLElement) -> Void
    ) {
        self.address = address
        self.dispatcher = dispatcher
        self.endpoints = endpoints
        self.device = device
        self.send = send
    }

    /// Takes a stanza to the gateway, in the namespace of clients.
    func receive(_ stanza: XMLElement) {
        guard stanza.name == "iq", stanza.attribute("to").flatMap({ try? JID($0) })?.node == nil else {
            return refuse(stanza, StanzaError(.serviceUnavailable))
        }
        switch stanza.attribute("type") {
        case "result": break
        case "error": receiveFailure(stanza)
        default: receiveRequest(stanza)
        }
    }

    private func refuse(_ stanza: XMLElement, _ error: StanzaError) {
        guard stanza.name != "presence", let reply = error.reply(to: stanza) else { return }
        send(reply)
    }

    // MARK: Requests

    private func receiveRequest(_ iq: XMLElement) {
        guard let request = IQRequest(iq) else { return refuse(iq, StanzaError(.badRequest)) }
        switch request.payload.namespace {
        case Namespace.ping where !request.isSet: send(PushStanzas.result(iq, nil))
        case Namespace.discoInfo where !request.isSet: send(PushStanzas.result(iq, Self.information))
        case Namespace.discoItems where !request.isSet:
            send(PushStanzas.result(iq, XMLElement("query", Namespace.discoItems)))
        default: receiveChange(request)
        }
    }

    private static let information: XMLElement = {
        let identity = XMLElement(
            "identity", Namespace.discoInfo,
            attributes: [
                .init("category", "pubsub"), .init("type", "push"), .init("name", "Unified Push over XMPP"),
            ])
        let features = [
            Namespace.unifiedPush, Namespace.unifiedPushProvider, Namespace.ping, Namespace.discoInfo,
            Namespace.discoItems,
        ]
        let children =
            [identity]
            + features.map {
                XMLElement("feature", Namespace.discoInfo, attributes: [.init("var", $0)])
            }
        return XMLElement("query", Namespace.discoInfo, children: children.map { .element($0) })
    }()

    private func receiveChange(_ request: IQRequest) {
        let change: PushGatewayRequest?
        do throws(PushGatewayRequest.Refusal) {
            change = try PushGatewayRequest(request.payload)
        } catch {
            if let reply = PushStanzas.refused(request.iq, error) { send(reply) }
            return
        }
        guard let change, let sender = request.iq.attribute("from").flatMap({ try? JID($0) }) else {
            return refuse(request.iq, StanzaError(.serviceUnavailable))
        }
        let isTaken = endpoints.changes.add(by: sender.bare.description) { [self] in
            if let answer = await answer(change, of: sender, request.iq) { send(answer) }
        }
        if !isTaken { refuse(request.iq, StanzaError(.resourceConstraint)) }
    }

    private func answer(_ change: PushGatewayRequest, of sender: JID, _ iq: XMLElement) async -> XMLElement? {
        switch change {
        case .register(let registration, let senderKey):
            do {
                guard let device = try await device(sender, true) else {
                    return StanzaError(.forbidden).reply(to: iq)
                }
                let endpoint = try await endpoints.register(
                    EndpointRegistration(
                        device: device, name: registration.name, senderKey: senderKey,
                        takesTextOnly: registration.takesTextOnly, needsConfirmation: !registration.takesTextOnly,
                        address: sender.description),
                    expires: !registration.takesTextOnly)
                return PushStanzas.registered(
                    registration, iq, url: url(of: endpoint, registration),
                    expiresAt: endpoint.registration.expiresAt)
            } catch {
                return PushStanzas.refused(iq, .init(error, registration))
            }
        case .unregister(let registration):
            do {
                // What is not registered is as good as unregistered.
                if let device = try await device(sender, false) {
                    try await endpoints.unregister(registration.name, of: device)
                }
                return PushStanzas.unregistered(registration, iq)
            } catch {
                return PushStanzas.refused(iq, .init(error, registration))
            }
        }
    }

    /// Seed 002's URLs have another form.
    private func url(of endpoint: Endpoint, _ registration: PushRegistration) -> String {
        switch registration {
        case .token: "\(endpoints.baseURL)/UP?token=\(endpoints.token(of: endpoint))"
        case .instance: endpoints.url(of: endpoint)
        }
    }

    // MARK: Answers to pushes

    /// The device has no such application any more: who posts to its endpoint is to hear so. Whatever else kept it from
    /// taking the push may pass.
    private func receiveFailure(_ iq: XMLElement) {
        guard let error = StanzaError(in: iq),
            [.itemNotFound, .featureNotImplemented].contains(error.condition),
            let message = iq.attribute("id").flatMap({ MessageID($0) }),
            let sender = iq.attribute("from").flatMap({ try? JID($0) })
        else { return }
        Task { try? await revoke(message, sender) }
    }

    /// The endpoint is no more, unless another client of the sender's account registered it.
    func revoke(_ message: MessageID, _ sender: JID) async throws {
        guard let device = try await device(sender, false),
            let endpoint = try await endpoint(of: message, to: device),
            endpoint.registration.address.map({ $0 == sender.description }) ?? true
        else { return }
        try await endpoints.unregister(endpoint.registration.name, of: device)
    }

    /// The endpoint that a message was posted to, if it still is one.
    func endpoint(of message: MessageID, to device: DeviceNumber) async throws -> Endpoint? {
        try await dispatcher.query { snapshot in
            guard try snapshot.delivery(of: message, to: device) != nil,
                let push = try snapshot.message(message)?.message.content.push
            else { return nil }
            return try snapshot.endpoints(of: device).first { $0.number == push.endpoint }
        }
    }
}
