/// Who did something, and from where.
package struct Origin: Sendable, Hashable {
    package enum Actor: Sendable, Hashable, CustomStringConvertible {
        /// The bearer of the token with this name.
        case token(String)
        /// Whoever has the key of the app with this id.
        case app(String)
        /// A user of the business system.
        case user(String)
        /// Whoever has an endpoint's URL.
        case endpoint
        /// A device that sends to another one.
        case device
        /// Anybody: in a demonstration nothing is asked for.
        case anyone
        /// Apus itself: what is scheduled, and what the message centre finds.
        case server

        package var description: String {
            switch self {
            case .token(let name): "token:\(name)"
            case .app(let id): "app:\(id)"
            case .user(let number): "user:\(number)"
            case .endpoint: "endpoint"
            case .device: "device"
            case .anyone: "anyone"
            case .server: "server"
            }
        }
    }

    package let actor: Actor
    package let address: IPAddress?

    package init(_ actor: Actor, from address: IPAddress? = nil) {
        self.actor = actor
        self.address = address
    }

    /// The same for all addresses that one customer has.
    var ofNetwork: Origin { Origin(actor, from: address?.network) }
}
