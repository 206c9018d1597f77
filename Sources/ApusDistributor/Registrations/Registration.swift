package import ApusCore
package import ApusXMPP

/// An application's right to get pushes, and where they are sent to.
///
/// Seed 002 has three tokens: the *app token* between application and distributor, the *public token* between
/// distributor and gateway, and the *endpoint token* between gateway and sender, which is part of the endpoint.
package struct Registration: Equatable, Sendable {
    /// The application's name on the bus.
    package let service: BusName
    package let appToken: String
    package let identity: GatewayIdentity
    package var dialect: ConnectorDialect
    package var description: String
    package var vapidKey: String?
    package let createdAt: Timestamp
    /// nil until a gateway gave one.
    package var endpoint: GatewayEndpoint?
}

/// What a gateway gave, for whom, and until when.
package struct GatewayEndpoint: Equatable, Sendable {
    package var url: String
    package var gateway: Gateway
    /// The full address of the account that asked. Pushes come to it.
    package var address: JID
    package var registeredAt: Timestamp
    /// nil if it does not end.
    package var expiresAt: Timestamp?

    /// When to ask for it again: after two thirds of its life, and not within a minute, whatever the gateway's clock.
    var renewAt: Timestamp? {
        expiresAt.map { expiresAt in
            let life = expiresAt.milliseconds - registeredAt.milliseconds
            return registeredAt.adding(milliseconds: max(life / 3 * 2, 60_000))
        }
    }
}

/// A registration that ended, and of which its gateway does not know yet.
struct Departure: Equatable, Sendable {
    let identity: GatewayIdentity
    let gateway: Gateway
}
