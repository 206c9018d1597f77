/// An error that a caller sees: a stable code, a sentence that says what to change, and what it means for a retry.
///
/// The wire form (an HTTP status and body, an XMPP stanza error) is made at the edge from `kind`.
package struct ApusError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: Sendable, Equatable {
        /// The request is wrong and stays wrong.
        case invalid
        case unauthenticated
        case forbidden
        case notFound
        /// It was there and will never be again.
        case gone
        case conflict
        case tooLarge
        /// Too many requests; try again after so many seconds.
        case throttled(retryAfter: Int)
        /// Apus cannot accept anything now; try again after so many seconds.
        case unavailable(retryAfter: Int)
        case `internal`
    }

    /// What is wrong with one member of a request.
    package struct Field: Sendable, Equatable {
        package let name: String
        package let code: String
        package let message: String

        package init(_ name: String, code: String, _ message: String) {
            self.name = name
            self.code = code
            self.message = message
        }
    }

    package let kind: Kind
    package let code: String
    package let message: String
    package let fields: [Field]

    package init(_ kind: Kind, code: String, _ message: String, fields: [Field] = []) {
        self.kind = kind
        self.code = code
        self.message = message
        self.fields = fields
    }

    package var description: String { "\(code): \(message)" }

    /// The accept queue is full.
    package static let overloaded = ApusError(
        .unavailable(retryAfter: 1), code: "overloaded", "The server has as much to write as it can hold. Try again.")
    /// The store cannot be written (a full disk, usually). Nothing was accepted.
    package static let storeUnavailable = ApusError(
        .unavailable(retryAfter: 5), code: "store_unavailable",
        "The message could not be stored and was not accepted. Free disk space, or try again later.")
    package static let stopping = ApusError(
        .unavailable(retryAfter: 5), code: "stopping", "The server is stopping. Try again.")
}
