/// Why SASL did not succeed (RFC 6120 §6.5).
package struct SASLFailure: Error, Equatable, Sendable {
    package enum Condition: String, CaseIterable, Sendable {
        case aborted
        case accountDisabled = "account-disabled"
        case credentialsExpired = "credentials-expired"
        case encryptionRequired = "encryption-required"
        case incorrectEncoding = "incorrect-encoding"
        case invalidAuthzid = "invalid-authzid"
        case invalidMechanism = "invalid-mechanism"
        case malformedRequest = "malformed-request"
        case mechanismTooWeak = "mechanism-too-weak"
        case notAuthorized = "not-authorized"
        case temporaryAuthFailure = "temporary-auth-failure"
    }

    package let condition: Condition

    package init(_ condition: Condition) {
        self.condition = condition
    }

    /// - Returns: `nil` if `element` is something else. A condition that is not known becomes `not-authorized`.
    package init?(_ element: XMLElement) {
        guard element.matches("failure", Namespace.sasl) else { return nil }
        let known = element.elements.lazy.compactMap { Condition(rawValue: $0.name) }
        condition = known.first { _ in true } ?? .notAuthorized
    }

    package var element: XMLElement {
        XMLElement("failure", Namespace.sasl, children: [.element(XMLElement(condition.rawValue, Namespace.sasl))])
    }
}
