import ApusCore

/// What a service wants to hear, and what its answers mean. It does no I/O.
protocol SMSVendor: Sendable {
    /// The first part of its codes.
    var name: String { get }
    /// - Throws: `ApusError` if the service cannot take such a message.
    func request(for message: SMSMessage, at now: Timestamp) throws(ApusError) -> OutgoingRequest
    func outcome(of response: OutgoingResponse, at now: Timestamp) -> SendOutcome
}
