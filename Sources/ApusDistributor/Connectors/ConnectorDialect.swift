/// Which version of the UnifiedPush interface an application speaks. It is told from how it registers.
package enum ConnectorDialect: Int, Sendable {
    /// The draft of 2021 that seed 002 speaks: `Register(ss) -> ss` on `Distributor1`, and text as payload.
    case draft = 0
    /// `org.unifiedpush.Distributor1` and `Connector1`.
    case first = 1
    /// `org.unifiedpush.Distributor2` and `Connector2`: dictionaries, and messages that are acknowledged.
    case second = 2

    static let path = "/org/unifiedpush/Connector"

    var connectorInterface: String {
        self == .second ? "org.unifiedpush.Connector2" : "org.unifiedpush.Connector1"
    }
}
