/// Which external components may attach (XEP-0114).
package struct ComponentSettings: Sendable {
    /// Proves a component. Nil if none may attach.
    package var secret: String?
    /// The domains that they may serve; any but our own if it is empty.
    package var domains: [String] = []

    package init() {}
}
