import ApusXMPP

/// How the distributor is, as it tells on the bus: the properties of an interface of its own.
package struct DistributorStatus: Equatable, Sendable, Codable {
    static let interface = "me.apus.Distributor1"

    /// Whether the server can be reached.
    package var connected: Bool
    /// The account, with the resource while it is connected.
    package var account: String
    /// Empty if there is none.
    package var gateway: String
    /// The namespace of the protocol that the gateway speaks.
    package var gatewayProtocol: String
    package var registrations: Int
    /// Pushes that wait for their applications.
    package var waiting: Int
    /// Pushes since the start.
    package var received: Int
    package var delivered: Int
    /// Pushes since the start that came from somebody who is not the gateway.
    package var foreign: Int
    /// What keeps it from working; empty if nothing does.
    package var problem: String

    static let introspection = [
        ("Connected", "b"), ("Account", "s"), ("Gateway", "s"), ("GatewayProtocol", "s"), ("Registrations", "x"),
        ("Waiting", "x"), ("Received", "x"), ("Delivered", "x"), ("Foreign", "x"), ("Problem", "s"),
    ].map { "    <property name=\"\($0)\" type=\"\($1)\" access=\"read\"/>" }.joined(separator: "\n")

    var properties: [String: DBusValue] {
        [
            "Connected": .boolean(connected), "Account": .string(account), "Gateway": .string(gateway),
            "GatewayProtocol": .string(gatewayProtocol), "Registrations": .int64(Int64(registrations)),
            "Waiting": .int64(Int64(waiting)), "Received": .int64(Int64(received)),
            "Delivered": .int64(Int64(delivered)), "Foreign": .int64(Int64(foreign)), "Problem": .string(problem),
        ]
    }
}

extension DistributorStatus {
    /// Reads the answer of a running distributor.
    init(properties: [String: DBusValue]) {
        func text(_ name: String) -> String { properties[name]?.string ?? "" }
        func number(_ name: String) -> Int {
            if case .int64(let number)? = properties[name] { Int(clamping: number) } else { 0 }
        }
        self.init(
            connected: properties["Connected"] == .boolean(true), account: text("Account"), gateway: text("Gateway"),
            gatewayProtocol: text("GatewayProtocol"), registrations: number("Registrations"),
            waiting: number("Waiting"), received: number("Received"), delivered: number("Delivered"),
            foreign: number("Foreign"), problem: text("Problem"))
    }
}

extension DistributorStatus {
    init(_ distributor: Distributor, account: JID, waiting: Int) {
        self.init(
            connected: distributor.address != nil, account: (distributor.address ?? account).description,
            gateway: distributor.gateway?.description ?? "",
            gatewayProtocol: distributor.gateway?.dialect.namespace ?? "",
            registrations: distributor.entries.values.count { $0.registration.endpoint != nil }, waiting: waiting,
            received: distributor.counts.received, delivered: distributor.counts.delivered,
            foreign: distributor.counts.foreign, problem: distributor.problem)
    }
}
