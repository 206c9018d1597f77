/// Whom a message is for, within one app and tenant.
package struct Audience: Sendable, Equatable {
    /// How the values are matched. The raw value is the name in the ONE-PUSH API and in the store.
    package enum Kind: String, Sendable, CaseIterable {
        /// Devices with one of these aliases.
        case alias = "ALIAS"
        /// Devices with at least one of these tags.
        case tag = "TAG"
        /// Devices with these public ids.
        case device = "DEVICE"
        /// Every active device.
        case all = "ALL"
        /// Devices that a message, named by its id, was handed over to. No sender names them.
        case recipients = "RECIPIENTS"

        /// Those that a sender may name.
        package static let named: [Kind] = [.alias, .tag, .device, .all]
    }

    package var kind: Kind
    /// Empty for `all`. Values are unique.
    package var values: [String]
    /// Only devices of this platform, or of every platform.
    package var platform: Platform?
    /// The tenant that sends; empty for none.
    ///
    /// A device of a tenant gets only messages of that tenant. A device without one, which is every device registered
    /// as ONE-PUSH documents it, gets the app's messages whichever tenant they name.
    package var tenant: String

    package init(_ kind: Kind, _ values: [String] = [], platform: Platform? = nil, tenant: String = "") {
        self.kind = kind
        self.values = values
        self.platform = platform
        self.tenant = tenant
    }
}
