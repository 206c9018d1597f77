import ApusCore
import ApusXMPP
import Testing

@testable import ApusDistributor

/// A distributor with a clock that the test moves.
struct Scene {
    static let start = Timestamp(milliseconds: 1_800_000_000_000)

    var distributor: Distributor
    var now = Scene.start
    private var serial: UInt32 = 0

    init(registrations: [Registration] = [], departures: [Departure] = []) {
        distributor = Distributor(device: "device", registrations: registrations, departures: departures)
    }

    /// A registration as the book has it after an hour of a day.
    static func registered(
        token: String = "tok", dialect: ConnectorDialect = .second, gateway: Gateway = .gultsch,
        endpoint: String = "https://up/1", expires: Bool = true
    ) throws -> Registration {
        try .example(
            token: token, dialect: dialect,
            endpoint: GatewayEndpoint(
                url: endpoint, gateway: gateway, address: .device, registeredAt: start.adding(seconds: -3600),
                expiresAt: expires ? start.adding(seconds: 23 * 3600) : nil))
    }

    // MARK: What happens

    mutating func call(_ interface: String, _ member: String, _ arguments: [DBusValue]) -> DBusMessage {
        serial += 1
        var message = DBusMessage.call(
            .distributor, path: DistributorObject.path, interface: interface, member, arguments)
        message.sender = ":1.\(serial)"
        message.serial = serial
        return message
    }

    mutating func register(
        _ token: String, service: String = "org.example.App", vapid: String? = nil
    ) throws -> (call: DBusMessage, actions: [Distributor.Action]) {
        var members: [String: DBusValue] = ["service": .string(service), "token": .string(token)]
        if let vapid { members["vapid"] = .string(vapid) }
        let message = call("org.unifiedpush.Distributor2", "Register", [.dictionary(members)])
        return (message, try receive(message))
    }

    mutating func receive(_ message: DBusMessage) throws -> [Distributor.Action] {
        distributor.receive(try #require(DistributorCall(message)), message, at: now)
    }

    mutating func connect(to gateway: Gateway = .gultsch) -> [Distributor.Action] {
        _ = distributor.connected(as: .device, resumed: false, at: now)
        return distributor.searchEnded(.found(gateway), at: now)
    }

    /// The gateway answers all that it is asked in `actions`.
    mutating func grant(
        _ actions: [Distributor.Action], url: String = "https://up/1", life: Int64 = 86_400
    ) -> [Distributor.Action] {
        var results: [Distributor.Action] = []
        for case .askForEndpoint(let registration, let gateway, let attempt) in actions {
            let answer: LinkAnswer =
                switch gateway.dialect {
                case .gultsch: .result(.registered(url, until: now.adding(seconds: life).rfc3339))
                case .genofire: .result(.granted(url))
                }
            results += distributor.receiveEndpoint(answer, for: registration.appToken, attempt: attempt, at: now)
        }
        return results
    }

    mutating func refuse(
        _ actions: [Distributor.Action], with answer: LinkAnswer = .lost
    ) -> [Distributor.Action] {
        var results: [Distributor.Action] = []
        for case .askForEndpoint(let registration, _, let attempt) in actions {
            results += distributor.receiveEndpoint(answer, for: registration.appToken, attempt: attempt, at: now)
        }
        return results
    }

    /// Moves the clock to when something is due, and does it.
    mutating func wait(atMost seconds: Int64) -> [Distributor.Action]? {
        let limit = now.adding(seconds: seconds)
        guard let deadline = distributor.nextDeadline, deadline <= limit else {
            now = limit
            return nil
        }
        now = max(now, deadline)
        return distributor.tick(at: now)
    }
}

extension XMLElement {
    static func granted(_ url: String) -> XMLElement {
        var register = XMLElement("register", GatewayDialect.genofire.namespace)
        register.children = [.element(XMLElement("endpoint", GatewayDialect.genofire.namespace, text: url))]
        return stanza("iq", "result", from: "seed.example.org", [register])
    }
}

extension [Distributor.Action] {
    var questions: [String] {
        compactMap { if case .askForEndpoint(let registration, _, _) = $0 { registration.appToken } else { nil } }
    }

    /// What goes out on the bus: answers by their reply serial, calls by their member.
    var busMessages: [DBusMessage] {
        compactMap { if case .sendToBus(let message) = $0 { message } else { nil } }
    }

    var stanzas: [XMLElement] {
        compactMap { if case .sendToServer(let stanza) = $0 { stanza } else { nil } }
    }

    var saved: [Registration] {
        compactMap { if case .save(let registration) = $0 { registration } else { nil } }
    }

    func answer(to call: DBusMessage) -> [DBusValue]? {
        busMessages.first { $0.kind == .answer && $0.replySerial == call.serial && $0.destination == call.sender }?
            .arguments
    }

    func call(_ member: String) -> DBusMessage? {
        busMessages.first { $0.kind == .call && $0.member == member }
    }
}

extension [DBusValue] {
    static let succeeded: [DBusValue] = [.dictionary(["success": .string("REGISTRATION_SUCCEEDED")])]

    static func failed(_ reason: String) -> [DBusValue] {
        [.dictionary(["success": .string("REGISTRATION_FAILED"), "reason": .string(reason)])]
    }
}
