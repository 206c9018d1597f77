package import ApusCore

/// What became of a notification that was submitted.
package struct APNsResult: Sendable, Equatable {
    /// The notification's `apns-id`.
    package let id: String
    package let outcome: APNsOutcome
    /// APNs' last answer, if there was one.
    package let response: APNsResponse?
    /// How often it was sent.
    package let attempts: Int
}

package enum APNsOutcome: Sendable, Equatable {
    /// APNs took it.
    case delivered
    /// It is wrong and stays wrong; the device token is to be kept.
    case failed
    /// The device token is of no use any more.
    /// - Parameter since: delete it only if it was registered before this time; nil says nothing.
    case tokenDead(since: Timestamp?)
    /// APNs asked to send it later, until there was no time left.
    case retryLater
    /// APNs does not accept the lane's credentials, or its tokens die in a way that only a wrong setup explains. The
    /// notification was not delivered and the device token is to be kept.
    case refused(LaneProblem)
    /// It was sent and not answered. Nobody knows whether the device has it.
    case unknown
    /// It was certainly not processed by APNs: there was no connection, or the lane or the client stopped.
    case notSent
}

/// Why a lane does not send.
package enum LaneProblem: Error, Sendable, Equatable, CustomStringConvertible {
    /// APNs' reason, or the status if it gave none.
    case credentials(String)
    /// Tokens died so fast that the environment or the topic must be wrong.
    case tokenDeaths(Int)
    case certificateExpired(Timestamp)

    package var description: String {
        switch self {
        case .credentials(let reason):
            "APNs refuses the lane's credentials: \(reason). Check its key or certificate, team, environment and topic."
        case .tokenDeaths(let count):
            "\(count) device tokens in a short time were not valid here. Check whether the lane's environment (production "
                + "or sandbox) and topic are those of the app; no further token is given up."
        case .certificateExpired:
            "The lane's certificate has expired. Renew it at developer.apple.com."
        }
    }
}
