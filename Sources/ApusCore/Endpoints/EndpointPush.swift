/// What was posted to an endpoint: bytes for an application, which Apus does not look into.
package struct EndpointPush: Sendable, Equatable {
    package let endpoint: EndpointNumber
    /// The registration's name: what the device knows the application by.
    package let registration: String
    package let data: [UInt8]

    package init(endpoint: EndpointNumber, registration: String, data: [UInt8]) {
        self.endpoint = endpoint
        self.registration = registration
        self.data = data
    }
}

/// A post to an endpoint, before it is known whether there is such an endpoint.
package struct EndpointPost: Sendable, Equatable {
    package var endpoint: [UInt8]
    package var data: [UInt8]
    package var urgency: Urgency
    /// A later post of the same topic takes this one's place while it is undelivered (RFC 8030 §5.4).
    package var topic: String?
    /// Seconds.
    package var timeToLive: Int64
    /// The key that signed the request, if one did (RFC 8292).
    package var signer: [UInt8]?

    package init(
        endpoint: [UInt8], data: [UInt8], urgency: Urgency = .normal, topic: String? = nil, timeToLive: Int64,
        signer: [UInt8]? = nil
    ) {
        self.endpoint = endpoint
        self.data = data
        self.urgency = urgency
        self.topic = topic
        self.timeToLive = timeToLive
        self.signer = signer
    }

    /// The push that it is.
    /// - Parameter endpoint: nil if there is none any more.
    /// - Throws: why it is not taken.
    func request(to endpoint: Endpoint?, at now: Timestamp) throws(ApusError) -> PushRequest {
        guard let endpoint, endpoint.isActive, endpoint.registration.expiresAt.map({ $0 > now }) ?? true else {
            throw .endpointGone
        }
        if let key = endpoint.registration.senderKey {
            guard let signer else { throw .signatureRequired }
            guard signer == key else { throw .wrongSigner }
        }
        if endpoint.registration.takesTextOnly, !Self.isText(data) { throw .textOnly }
        let push = EndpointPush(endpoint: endpoint.number, registration: endpoint.registration.name, data: data)
        return PushRequest(
            app: endpoint.app, appID: endpoint.appID,
            audience: Audience(.device, [endpoint.deviceID], tenant: endpoint.tenant),
            // For the application, not for people: a vendor that carries no such bytes wakes it.
            content: MessageContent(kind: .command, alert: "", urgency: urgency, collapseKey: topic, push: push),
            needsConfirmation: endpoint.registration.needsConfirmation, timeToLive: timeToLive,
            origin: Origin(.endpoint))
    }

    /// Whether it is UTF-8 that XML 1.0 can carry.
    private static func isText(_ data: [UInt8]) -> Bool {
        guard let text = String(validating: data, as: UTF8.self) else { return false }
        return text.unicodeScalars.allSatisfy {
            $0.value >= 0x20 && $0.value < 0xFFFE || $0 == "\t" || $0 == "\n" || $0 == "\r"
                || (0x10000...0x10FFFF).contains($0.value)
        }
    }
}

extension ApusError {
    /// Whoever posts to it need not try again, ever.
    package static let endpointGone = ApusError(
        .gone, code: "endpoint_gone", "The endpoint was unregistered or has expired. Post to it no more.")
    package static let unknownEndpoint = ApusError(
        .notFound, code: "unknown_endpoint", "There is no such endpoint. Post to the URL exactly as it was given.")
    package static let signatureRequired = ApusError(
        .unauthenticated, code: "vapid_required",
        "The endpoint takes only what is signed with the application server's key: send Authorization: vapid (RFC 8292)."
    )
    package static let wrongSigner = ApusError(
        .forbidden, code: "vapid_key_mismatch", "The request is signed with another key than the endpoint was made for."
    )
    package static let textOnly = ApusError(
        .invalid, code: "text_only",
        "The device of this endpoint speaks a protocol that carries only text, in UTF-8 and without control characters."
    )
}
