package import NIOCore

/// How a simulated vendor treats its clients. Everything can be changed while it runs.
package struct VendorBehaviour: Sendable, Equatable {
    /// Time from the end of a request to its answer.
    package var latency = TimeAmount.zero
    /// A random time up to this is added.
    package var latencyJitter = TimeAmount.zero
    /// The first rule that fits and is not used up counts.
    package var rules: [VendorRule] = []

    package init() {}

    /// The latency of one request.
    var drawnLatency: TimeAmount {
        guard latencyJitter > .zero else { return latency }
        return latency + .nanoseconds(.random(in: 0...latencyJitter.nanoseconds))
    }
}

/// What to do with some requests, instead of what the vendor would.
package struct VendorRule: Sendable, Equatable {
    package enum Effect: Sendable, Equatable {
        /// One of the vendor's error codes.
        case code(String)
        /// A status of HTTP without anything of the vendor's, as a proxy before it would answer.
        case status(Int)
        case fault(Fault)
    }

    package enum Fault: String, Sendable, CaseIterable {
        /// An answer with status 200 that is not the vendor's format.
        case garbage
        /// No answer; the connection stays open.
        case silence
        /// No answer; the connection is closed.
        case close
    }

    /// What a token, number or address begins with; nil fits all requests, whatever is in them.
    package var prefix: String?
    /// What the path begins with; nil fits all.
    package var path: String?
    package var effect: Effect
    /// Seconds, for a `Retry-After` header.
    package var retryAfter: Int?
    /// How often it fits before it takes effect.
    package var after: Int
    /// How often it takes effect; nil is without end.
    package var times: Int?
    /// Whether the vendor takes the request, so that only its answer is lost. Not for rules with a prefix.
    package var accepts: Bool

    package init(
        prefix: String? = nil, path: String? = nil, _ effect: Effect, retryAfter: Int? = nil, after: Int = 0,
        times: Int? = nil, accepts: Bool = false
    ) {
        self.prefix = prefix
        self.path = path
        self.effect = effect
        self.retryAfter = retryAfter
        self.after = after
        self.times = times
        self.accepts = accepts
    }
}
