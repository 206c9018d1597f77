import ApusCore
import ApusXMPP
import Crypto
import Foundation

/// By what a gateway knows a registration. It learns no application's name.
package struct GatewayIdentity: Hashable, Sendable {
    /// Of seed 002.
    package let publicToken: String
    /// What Conversations calls so: 32 bytes in base 64, the same for all registrations of an application.
    package let application: String
    /// The same for one registration.
    package let instance: String

    init(publicToken: String, application: String, instance: String) {
        self.publicToken = publicToken
        self.application = application
        self.instance = instance
    }

    /// A new registration's identity.
    ///
    /// - Parameter device: random, so that the same application cannot be recognised on two devices.
    init(of service: BusName, publicToken: String, device: String) {
        self.init(
            publicToken: publicToken, application: Self.hash(service.text, device),
            instance: Self.hash(publicToken, device))
    }

    private static func hash(_ value: String, _ device: String) -> String {
        Base64.encode(Array(SHA256.hash(data: Data(device.utf8) + [0] + Data(value.utf8))))
    }
}
