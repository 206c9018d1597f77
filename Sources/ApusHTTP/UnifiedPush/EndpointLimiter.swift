import ApusCore
import NIOCore
import Synchronization

/// Lets so many pushes through to each endpoint. It does not look at who sends: many senders share an address.
package final class EndpointLimiter: Sendable {
    private final class Stripe: Sendable {
        let buckets = Mutex<[[UInt8]: TokenBucket]>([:])
    }

    /// Endpoints that a stripe remembers; when there are more, it begins anew.
    private static let most = 4096

    private let stripes = (0..<16).map { _ in Stripe() }
    private let settings: EndpointSettings

    package init(_ settings: EndpointSettings) {
        self.settings = settings
    }

    func take(_ endpoint: [UInt8], now: NIODeadline) throws(ApusError) {
        guard settings.pushesPerSecond > 0 else { return }
        let stripe = stripes[Int(endpoint.first ?? 0) % stripes.count]
        let wait = stripe.buckets.withLock { buckets in
            if buckets.count >= Self.most, buckets[endpoint] == nil { buckets.removeAll(keepingCapacity: true) }
            return buckets[
                endpoint,
                default: TokenBucket(
                    perSecond: Double(settings.pushesPerSecond), capacity: Double(max(1, settings.burst)), now: now)
            ].take(1, now: now)
        }
        guard let wait else { return }
        throw ApusError(
            .throttled(retryAfter: max(1, Int(wait.nanoseconds / 1_000_000_000))), code: "endpoint_rate",
            "This endpoint takes \(settings.pushesPerSecond) pushes a second. Try again after Retry-After seconds.")
    }
}
