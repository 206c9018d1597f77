import ApusCore

/// What a distributor's IQ asks of the gateway, in either protocol.
enum PushGatewayRequest: Equatable {
    case register(PushRegistration, senderKey: [UInt8]?)
    case unregister(PushRegistration)

    /// Why it cannot be done, as the protocol of the request says it.
    enum Refusal: Error, Equatable {
        /// The text of the `<error>` in the element that came (seed 002), beside a stanza error for everyone else.
        case text(String, StanzaError)
        case stanza(StanzaError)
    }

    /// Bytes of a public token; the seed's are UUIDs.
    private static let longestToken = 200

    /// - Parameter payload: the IQ's only child.
    /// - Returns: nil if it is of another protocol.
    init?(_ payload: XMLElement) throws(Refusal) {
        guard ["register", "unregister"].contains(payload.name) else { return nil }
        let registration: PushRegistration
        switch payload.namespace {
        case Namespace.unifiedPush: registration = .token(try Self.token(payload))
        case Namespace.unifiedPushProvider:
            registration = .instance(
                application: try Self.hash("application", payload), instance: try Self.hash("instance", payload))
        default: return nil
        }
        guard payload.name == "register" else {
            self = .unregister(registration)
            return
        }
        do throws(ApusError) {
            self = .register(registration, senderKey: try payload.attribute("vapid").map(VAPIDKey.point))
        } catch {
            throw .stanza(StanzaError(.badRequest, text: error.message))
        }
    }

    private static func token(_ payload: XMLElement) throws(Refusal) -> String {
        // Whatever it is called, as the original has it.
        guard let child = payload.firstElement else {
            throw .text("unable decode", StanzaError(.badRequest, text: "A token is missing."))
        }
        let token = child.text
        guard !token.isEmpty else { throw .text("no token", StanzaError(.badRequest, text: "The token is empty.")) }
        guard token.utf8.count <= longestToken else {
            throw .text(
                "unable decode", StanzaError(.badRequest, text: "The token has more than \(longestToken) bytes."))
        }
        return token
    }

    private static func hash(_ name: String, _ payload: XMLElement) throws(Refusal) -> String {
        guard let text = payload.attribute(name) else {
            throw .stanza(StanzaError(.badRequest, text: "\(name): no value provided"))
        }
        guard let bytes = Base64.decode(text) else {
            throw .stanza(StanzaError(.badRequest, text: "\(name): invalid base64"))
        }
        guard bytes.count == 32 else {
            throw .stanza(StanzaError(.badRequest, text: "\(name): incorrect decoded length, expected 32"))
        }
        return text
    }
}
