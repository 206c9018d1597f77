package import ApusCore
package import Logging
import NIOCore
import NIOPosix
import Synchronization

/// Web Push (RFC 8030), for devices of any platform that registered with a subscription of any push service. Messages
/// are encrypted for the device (RFC 8291); requests say who sends with the app's VAPID key (RFC 8292).
package final class WebPushProvider: PushProvider {
    private struct State {
        var tokens: [AppNumber: VAPIDTokens] = [:]
        var gate: HostGate
        /// Deliveries whose completion is still to be called.
        var underWay = 0
        var isStopping = false
        /// Waits for the last of them.
        var drained: CheckedContinuation<Void, Never>?
    }

    package let route = Route.webPush
    private let http: OutgoingHTTP
    private let clock: any Clock
    private let logger: Logger
    private let allowsPlainHTTP: Bool
    private let state: Mutex<State>
    /// Encryption takes too long for an event loop that devices wait for.
    private let threads = NIOThreadPool.singleton

    /// - Parameters:
    ///   - http: used by nobody else; it is shut down with the provider.
    ///   - allowsPlainHTTP: whether endpoints may be `http` URLs.
    package init(
        http: OutgoingHTTP, clock: any Clock, logger: Logger, allowsPlainHTTP: Bool = false,
        limits: HostGate.Limits = HostGate.Limits()
    ) {
        self.http = http
        self.clock = clock
        self.logger = logger
        self.allowsPlainHTTP = allowsPlainHTTP
        state = Mutex(State(gate: HostGate(limits)))
    }

    package func serves(_ app: AppNumber) -> Bool {
        state.withLock { $0.tokens[app] != nil }
    }

    package func reaches(_ platform: Platform, _ vendor: Route?) -> Bool {
        vendor == route
    }

    /// A subscription without what does not belong to it, so that the same one has the same text.
    package func checked(token: String) throws(ApusError) -> String {
        try WebPushSubscription(token, allowsPlainHTTP: allowsPlainHTTP).text
    }

    /// What a push service does not like about an app's key is told in each delivery's explanation.
    package func problem(of app: AppNumber) -> String? { nil }

    // MARK: Sending

    package func submit(
        _ delivery: VendorDelivery, completion: @escaping @Sendable (VendorOutcome) -> Void
    ) -> Bool {
        let subscription: WebPushSubscription
        do throws(ApusError) {
            subscription = try WebPushSubscription(delivery.token, allowsPlainHTTP: allowsPlainHTTP)
        } catch {
            completion(VendorOutcome(.refused, code: error.code, detail: error.message))
            return true
        }
        let service = subscription.endpoint.origin
        let (tokens, decision) = state.withLock { state -> (VAPIDTokens?, HostGate.Decision) in
            guard !state.isStopping, let tokens = state.tokens[delivery.message.app] else { return (nil, .full) }
            let decision = state.gate.admit(service, at: clock.uptime)
            if decision == .send { state.underWay += 1 }
            return (tokens, decision)
        }
        guard let tokens, decision != .full else { return false }
        if case .wait(let time) = decision {
            let until = clock.now.adding(milliseconds: time.nanoseconds / 1_000_000)
            completion(
                VendorOutcome(
                    .later(at: until), code: "webpush.service_paused",
                    detail: "\(service) is slow or in trouble. It is tried again at \(until.rfc3339).",
                    isAttempt: false))
            return true
        }
        let finish: @Sendable (WebPushAnswer) -> Void = { [self] answer in
            state.withLock { $0.gate.finished(service, at: clock.uptime, trouble: answer.trouble) }
            completion(answer.outcome)
            ended()
        }
        threads.submit { [self] threadState in
            guard threadState == .active else {
                return finish(answer(.failure(.notSent("the server is stopping")), to: delivery, of: service))
            }
            send(delivery, to: subscription, with: tokens, finish)
        }
        return true
    }

    private func send(
        _ delivery: VendorDelivery, to subscription: WebPushSubscription, with tokens: VAPIDTokens,
        _ finish: @escaping @Sendable (WebPushAnswer) -> Void
    ) {
        let service = subscription.endpoint.origin
        let request: OutgoingRequest
        do throws(ApusError) {
            request = try .webPush(
                delivery.message, to: subscription, authorization: tokens.authorization(for: service), at: clock.now)
        } catch {
            return finish(WebPushAnswer(VendorOutcome(.refused, code: error.code, detail: error.message)))
        }
        http.send(request) { finish(self.answer($0, to: delivery, of: service)) }
    }

    private func ended() {
        let drained = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.underWay -= 1
            return state.underWay == 0 ? state.drained : nil
        }
        drained?.resume()
    }

    private func answer(
        _ result: Result<OutgoingResponse, OutgoingFailure>, to delivery: VendorDelivery, of service: String
    ) -> WebPushAnswer {
        let delay = RetryDelay.vendor.spreadSeconds(after: delivery.attempts + 1)
        return WebPushAnswer(result, from: service, delay: delay, at: clock.now)
    }

    // MARK: Credentials

    package func checked(_ credential: Credential) throws(ApusError) -> Credential {
        let parsed = try WebPushCredential(credential)
        return Credential(
            app: credential.app, appID: credential.appID, route: route, name: WebPushCredential.name,
            settings: parsed.publicSettings.text, secret: credential.secret, createdAt: credential.createdAt)
    }

    package func use(_ credentials: [Credential]) async {
        var tokens: [AppNumber: VAPIDTokens] = [:]
        for credential in credentials {
            do throws(ApusError) {
                let parsed = try WebPushCredential(credential)
                tokens[credential.app] = VAPIDTokens(keys: parsed.keys, subject: parsed.subject, clock: clock)
            } catch {
                logger.error(
                    "a Web Push credential cannot be used",
                    metadata: ["app": "\(credential.appID)", "error": "\(error)"])
            }
        }
        let used = tokens
        state.withLock { $0.tokens = used }
    }

    package func shutdown() async {
        state.withLock { $0.isStopping = true }
        await http.shutdown()
        // What was being encrypted has come too late.
        await withCheckedContinuation { continuation in
            let isDrained = state.withLock { state in
                state.drained = continuation
                return state.underWay == 0
            }
            if isDrained { continuation.resume() }
        }
    }
}
