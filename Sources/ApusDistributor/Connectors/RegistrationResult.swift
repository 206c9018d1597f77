/// What a call of `Register` comes to.
enum RegistrationResult: Equatable, Sendable {
    case succeeded(endpoint: String)
    case failed(RegistrationFailure)

    /// The values of the answer, as a dialect writes them.
    func values(for dialect: ConnectorDialect) -> [DBusValue] {
        switch (dialect, self) {
        case (.draft, .succeeded(let endpoint)): [.string("NEW_ENDPOINT"), .string(endpoint)]
        case (.draft, .failed(let failure)):
            [
                .string(failure.isRefusal ? "REGISTRATION_REFUSED" : "REGISTRATION_FAILED"),
                .string(failure.text),
            ]
        case (.first, .succeeded): [.string("REGISTRATION_SUCCEEDED"), .string("")]
        case (.first, .failed(let failure)): [.string("REGISTRATION_FAILED"), .string(failure.reasonOfFirst)]
        case (.second, .succeeded): [.dictionary(["success": .string("REGISTRATION_SUCCEEDED")])]
        case (.second, .failed(let failure)):
            [
                .dictionary([
                    "success": .string("REGISTRATION_FAILED"), "reason": .string(failure.reason.rawValue),
                ])
            ]
        }
    }
}

/// Why an application gets no endpoint.
struct RegistrationFailure: Error, Equatable, Sendable {
    enum Reason: String, Sendable {
        case internalError = "INTERNAL_ERROR"
        case network = "NETWORK"
        case actionRequired = "ACTION_REQUIRED"
        case unauthorized = "UNAUTHORIZED"
    }

    let reason: Reason
    /// For people, and for the draft, which knows no reasons.
    let text: String

    /// Whether it was answered, rather than that nobody answered.
    var isRefusal: Bool { reason != .network }

    /// The first version has no word for what is not allowed.
    var reasonOfFirst: String {
        reason == .unauthorized ? Reason.actionRequired.rawValue : reason.rawValue
    }
}
