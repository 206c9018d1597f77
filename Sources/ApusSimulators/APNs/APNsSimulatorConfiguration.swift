package import ApusCore

/// What a simulator of APNs is started with.
package struct APNsSimulatorConfiguration: Sendable {
    package var host = "127.0.0.1"
    /// 0 for any free one.
    package var port = 0
    /// The port of the control interface on 127.0.0.1, 0 for any free one; nil for none.
    package var controlPort: Int? = 0
    package var environment = APNsServiceEnvironment.production
    /// Whose provider tokens are accepted.
    package var teams: [APNsTeam] = []
    /// Which client certificates are accepted.
    package var certificates: [APNsClientCertificate] = []
    /// The server's certificate, followed by those of its issuers, and its key; nil to have them made.
    package var identity: SimulatorAuthority.Identity?
    /// What issues the server's certificate if there is no `identity`; nil to have one made.
    package var authority: SimulatorAuthority?
    /// A directory in which the certificate of the authority is written to `ca.pem`.
    package var certificateDirectory: String?
    /// What clients call the server, for the certificate that is made.
    package var hostNames = ["localhost", "127.0.0.1", "::1"]
    /// How many different provider tokens a team may use within 20 minutes. Apple names no number, only that a token is
    /// to be kept for at least that time.
    package var tokenUpdateLimit = 3
    package var behaviour = APNsBehaviour()
    /// How many of the last notifications are kept in full.
    package var remembered = 1000
    /// A file to which a line of JSON is appended for each notification that is accepted.
    package var acceptedFile: String?
    package var clock: any Clock = SystemClock()

    package init() {}
}
