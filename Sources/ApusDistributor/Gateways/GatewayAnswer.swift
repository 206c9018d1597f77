import ApusCore
import ApusXMPP
import Foundation

/// What comes of a request to a gateway.
enum LinkAnswer: Equatable, Sendable {
    case result(XMLElement)
    /// The answer is an error. It is the whole IQ.
    case refused(StanzaError, XMLElement)
    /// It was not sent, or no answer came in time.
    case lost
}

/// An endpoint as a gateway gives it.
struct GrantedEndpoint: Equatable, Sendable {
    /// Bytes (UnifiedPush specification, "Endpoint").
    private static let longestURL = 1000

    let url: String
    let expiresAt: Timestamp?

    /// Reads the answer to a registration.
    ///
    /// - Throws: `RegistrationFailure`.
    init(_ answer: LinkAnswer, from dialect: GatewayDialect) throws(RegistrationFailure) {
        switch answer {
        case .result(let iq):
            let (url, expiresAt) = dialect == .gultsch ? Self.registered(in: iq) : Self.endpoint(in: iq)
            guard url.hasPrefix("https://") || url.hasPrefix("http://"), url.utf8.count <= Self.longestURL else {
                throw RegistrationFailure(reason: .internalError, text: Self.text(in: iq) ?? "Unknown Error")
            }
            self.url = url
            self.expiresAt = expiresAt
        case .refused(let error, let iq):
            throw RegistrationFailure(
                reason: Self.reason(error.condition),
                text: Self.text(in: iq) ?? error.text ?? error.condition.rawValue)
        case .lost: throw RegistrationFailure(reason: .network, text: "xmpp unable recv iq to gateway")
        }
    }

    /// `<registered endpoint="…" expiration="…"/>`. Without a time that can be read it counts for nothing.
    private static func registered(in iq: XMLElement) -> (url: String, expiresAt: Timestamp?) {
        guard let element = iq.child("registered", GatewayDialect.gultsch.namespace),
            let url = element.attribute("endpoint"),
            let expiresAt = element.attribute("expiration").flatMap(Timestamp.init(dateTime:))
        else { return ("", nil) }
        return (url, expiresAt)
    }

    /// `<register><endpoint>…</endpoint></register>`
    private static func endpoint(in iq: XMLElement) -> (url: String, expiresAt: Timestamp?) {
        (iq.child("register", GatewayDialect.genofire.namespace)?.child("endpoint")?.text ?? "", nil)
    }

    /// Seed 002 has its errors in `<register>`.
    private static func text(in iq: XMLElement) -> String? {
        iq.child("register", GatewayDialect.genofire.namespace)?.child("error")?.text
    }

    private static func reason(_ condition: StanzaError.Condition) -> RegistrationFailure.Reason {
        switch condition {
        case .forbidden, .notAllowed, .notAuthorized, .registrationRequired, .subscriptionRequired: .unauthorized
        case .recipientUnavailable, .remoteServerNotFound, .remoteServerTimeout, .resourceConstraint,
            .serviceUnavailable:
            .network
        default: .internalError
        }
    }
}

extension Timestamp {
    /// A time as XEP-0082 writes it, as in `2026-11-21T08:00:00Z`, with or without fractions of a second.
    init?(dateTime text: String) {
        let date =
            (try? Date(text, strategy: .iso8601))
            ?? (try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
        guard let date, let milliseconds = Int64(exactly: (date.timeIntervalSince1970 * 1000).rounded()) else {
            return nil
        }
        self.init(milliseconds: milliseconds)
    }
}
