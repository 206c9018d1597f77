import ApusCore
import NIOCore

/// What the simulator answers on demand, instead of what it would.
package struct WebPushSimulatorAnswer: Sendable, Equatable {
    package var status: Int
    /// Seconds, or a date.
    package var retryAfter: String?
    /// Where a redirect leads.
    package var location: String?
    /// Whether there is no answer at all.
    package var isSilent: Bool
    /// For how many requests; after them the simulator is honest again.
    package var times: Int

    package init(
        status: Int, retryAfter: String? = nil, location: String? = nil, isSilent: Bool = false, times: Int = .max
    ) {
        self.status = status
        self.retryAfter = retryAfter
        self.location = location
        self.isSilent = isSilent
        self.times = times
    }

    /// `{"status":429,"retryAfter":30,"location":"…","silent":false,"times":1}`; only the status must be there, unless
    /// it is silent.
    /// - Throws: a `JSONError`, or `WebPushSimulatorError`.
    init(_ json: ByteBuffer) throws {
        let members = try JSONMembers(json)
        for name in members.names where !["status", "retryAfter", "location", "silent", "times"].contains(name) {
            throw WebPushSimulatorError("There is no member \(name).")
        }
        let isSilent = members["silent"] == "true"
        guard let status = Int(members["status"] ?? (isSilent ? "500" : "")), (200...599).contains(status) else {
            throw WebPushSimulatorError("status must be a number from 200 to 599.")
        }
        let times = members["times"].map { Int($0) } ?? .max
        guard let times, times > 0 else { throw WebPushSimulatorError("times must be a number above 0.") }
        self.init(
            status: status, retryAfter: members["retryAfter"], location: members["location"], isSilent: isSilent,
            times: times)
    }
}

/// What is wrong with a request to the simulator's control interface, as a sentence.
struct WebPushSimulatorError: Error {
    let message: String

    init(_ message: String) {
        self.message = message
    }
}
