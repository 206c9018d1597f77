package import ApusCore

/// A request to an endpoint of the simulator, and what came of it.
package struct WebPushSimulatorMessage: Sendable {
    package let id: String
    package let receivedAt: Timestamp
    package let status: Int
    /// Why it was refused.
    package let problem: String?
    package let timeToLive: Int?
    package let urgency: String?
    package let topic: String?
    /// The sender's key, if it said who it is.
    package let key: String?
    /// What the device reads; nil if it cannot.
    package let plaintext: String?

    func write(into object: inout JSONObjectWriter) {
        object.member("id", string: id)
        object.member("receivedAt", string: receivedAt.rfc3339)
        object.member("status", int: Int64(status))
        object.member("problem", string: problem)
        object.member("ttl", int: timeToLive.map(Int64.init))
        object.member("urgency", string: urgency)
        object.member("topic", string: topic)
        object.member("key", string: key)
        object.member("plaintext", string: plaintext)
    }
}
