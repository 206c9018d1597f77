import NIOCore

/// What to do with a request when an attempt has ended.
enum NextStep: Equatable {
    case finish(APNsOutcome)
    case resend
    case resendAfter(TimeAmount)
    /// Ask for a new provider token first.
    case renewToken
    /// The lane has a problem.
    case suspend(LaneProblem)

    /// How often a request is sent again without a pause.
    private static let quickAttempts = 4

    /// - Parameters:
    ///   - attempts: so far, from 1.
    ///   - repeatsWhenUnknown: whether it may be sent again although APNs may have processed it.
    init(
        after end: AttemptEnd, attempts: Int, repeatsWhenUnknown: Bool,
        using generator: inout some RandomNumberGenerator
    ) {
        func pause() -> TimeAmount { Backoff.delay(failures: attempts, using: &generator) }
        switch end {
        case .answered(let response):
            switch response.verdict {
            case .delivered: self = .finish(.delivered)
            case .failed: self = .finish(.failed)
            case .tokenDead: self = .finish(.tokenDead(since: response.timestamp))
            // It is this device's alone: the lane has room for others meanwhile.
            case .retry where response.reason == .tooManyRequests: self = .finish(.retryLater)
            case .retry: self = .resendAfter(max(pause(), .seconds(min(response.retryAfter ?? 0, 3600))))
            case .reconnect: self = attempts < Self.quickAttempts ? .resend : .resendAfter(pause())
            case .renewToken: self = .renewToken
            case .credentials: self = .suspend(.credentials(response.reasonText ?? "status \(response.status)"))
            }
        case .refused, .unsent:
            self = attempts < Self.quickAttempts ? .resend : .resendAfter(pause())
        case .unanswered:
            self = repeatsWhenUnknown ? .resendAfter(pause()) : .finish(.unknown)
        }
    }
}
