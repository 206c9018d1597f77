package import ApusCore

/// What whoever runs a lane ought to know.
package struct APNsEvent: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// The lane takes nothing until it tries again at this time.
        case suspended(LaneProblem, until: Timestamp)
        /// The lane takes nothing until `APNsClient.resume` is called.
        case stopped(LaneProblem)
        /// The lane takes notifications again, or can connect again.
        case resumed
        /// A connection could not be opened, for this reason.
        case connectionFailed(String, retryAt: Timestamp)
    }

    package let lane: String
    package let kind: Kind
}
