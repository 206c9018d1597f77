import ApusCore

extension StanzaError {
    static let storeUnavailable = StanzaError(
        .resourceConstraint, text: "The store cannot be read or written now. Try again later.")

    /// The stanza error that says what an error of the core says.
    init(_ error: any Error) {
        guard let error = error as? ApusError else {
            self.init(.internalServerError)
            return
        }
        let condition: Condition =
            switch error.kind {
            case .invalid: .notAcceptable
            case .unauthenticated: .notAuthorized
            case .forbidden: .forbidden
            case .notFound, .gone: .itemNotFound
            case .conflict: .conflict
            case .tooLarge: .policyViolation
            case .throttled, .unavailable: .resourceConstraint
            case .internal: .internalServerError
            }
        self.init(condition, text: error.message)
    }
}
