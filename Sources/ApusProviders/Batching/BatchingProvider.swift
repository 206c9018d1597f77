import ApusCore
import Logging
import NIOCore
import Synchronization

/// A vendor's push service: its apps' credentials, each with batches, a quota and a circuit breaker of its own.
final class BatchingProvider<V: Vendor>: PushProvider {
    private struct State {
        var accounts: [AppNumber: [VendorAccount<V>]] = [:]
        /// Deliveries whose completion is still to be called.
        var underWay = 0
        var isStopping = false
        /// Waits for the last of them.
        var drained: CheckedContinuation<Void, Never>?
    }

    let route = V.route
    private let http: OutgoingHTTP
    private let eventLoop: any EventLoop
    private let clock: any Clock
    private let logger: Logger
    private let state = Mutex(State())

    /// - Parameter http: used by nobody else; it is shut down with the provider.
    init(http: OutgoingHTTP, eventLoop: any EventLoop, clock: any Clock, logger: Logger) {
        self.http = http
        self.eventLoop = eventLoop
        self.clock = clock
        self.logger = logger
    }

    func serves(_ app: AppNumber) -> Bool {
        state.withLock { $0.accounts[app] != nil }
    }

    func reaches(_ platform: Platform, _ vendor: Route?) -> Bool { vendor == route }

    func checked(token: String) throws(ApusError) -> String { try V.checked(token: token) }

    func problem(of app: AppNumber) -> String? {
        let accounts = state.withLock { $0.accounts[app] ?? [] }
        for account in accounts {
            if let problem = account.problem { return "\(account.vendor.name): \(problem)" }
        }
        return nil
    }

    // MARK: Sending

    func submit(
        _ delivery: VendorDelivery, completion: @escaping @Sendable (VendorOutcome) -> Void
    ) -> Bool {
        let accounts = state.withLock { $0.isStopping ? [] : $0.accounts[delivery.message.app] ?? [] }
        guard !accounts.isEmpty else { return false }
        guard let account = accounts.first(where: { $0.vendor.platforms.contains(delivery.platform) }) else {
            let why = "The app has no \(route.rawValue) credential for \(delivery.platform.name) devices."
            completion(passedOver(delivery, why))
            return true
        }
        let hasOthers = accounts.count > 1
        let pending = BatchedDelivery(delivery) { [self] outcome in
            completion(outcome.result == .putOff && hasOthers ? passedOver(delivery, outcome.detail) : outcome)
            ended()
        }
        // Counted beforehand, as it may have ended when the account returns.
        state.withLock { $0.underWay += 1 }
        switch account.submit(pending) {
        case .taken: return true
        case .full: break
        case .closed(let why):
            if hasOthers {
                pending.completion(VendorOutcome(.putOff, code: "", detail: why))
                return true
            }
        }
        ended()
        return false
    }

    /// Seconds until it is looked at again whether the credential can.
    private static var pause: Int64 { 10 }

    /// What one of an app's credentials cannot send does not hold up what is behind it and goes by another.
    private func passedOver(_ delivery: VendorDelivery, _ why: String) -> VendorOutcome {
        VendorOutcome(
            .later(at: clock.now.adding(seconds: Self.pause)), code: "\(route.rawValue).held_up", detail: why,
            isAttempt: false)
    }

    private func ended() {
        let drained = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.underWay -= 1
            return state.underWay == 0 ? state.drained : nil
        }
        drained?.resume()
    }

    // MARK: Jobs

    func status(of task: VendorTask) async -> VendorTaskStatus? {
        guard let account = account(of: task.app, task.platform) else { return nil }
        return await answer(account.vendor.status(of: task, at: clock.now), from: account)
    }

    func account(of app: AppNumber, _ platform: Platform) -> VendorAccount<V>? {
        let accounts = state.withLock { $0.isStopping ? [] : $0.accounts[app] ?? [] }
        return accounts.first { $0.vendor.platforms.contains(platform) }
    }

    func answer<Answer: Sendable>(_ step: VendorStep<Answer>, from account: VendorAccount<V>) async -> Answer {
        await withCheckedContinuation { continuation in
            account.run(step) { continuation.resume(returning: $0) }
        }
    }

    // MARK: Credentials

    func checked(_ credential: Credential) throws(ApusError) -> Credential {
        let vendor = try V(credential)
        return Credential(
            app: credential.app, appID: credential.appID, route: route, name: vendor.name,
            settings: vendor.publicSettings.text, secret: credential.secret, createdAt: credential.createdAt)
    }

    func use(_ credentials: [Credential]) async {
        let known = state.withLock { $0.accounts.values.joined().map(\.self) }
        var accounts: [AppNumber: [VendorAccount<V>]] = [:]
        for credential in credentials {
            do throws(ApusError) {
                // One that stays keeps its quota and its breaker.
                let account =
                    if let same = known.first(where: { $0.credential == credential }) {
                        same
                    } else {
                        VendorAccount(
                            try V(credential), credential, http: http, eventLoop: eventLoop, clock: clock,
                            logger: logger)
                    }
                accounts[credential.app, default: []].append(account)
            } catch {
                logger.error(
                    "a vendor's credential cannot be used",
                    metadata: [
                        "app": "\(credential.appID)", "vendor": "\(route.rawValue)", "name": "\(credential.name)",
                        "error": "\(error)",
                    ])
            }
        }
        let used = accounts
        state.withLock { $0.accounts = used }
        let staying = used.values.joined()
        for account in known where !staying.contains(where: { $0 === account }) { account.stop() }
    }

    func shutdown() async {
        let accounts = state.withLock { state in
            state.isStopping = true
            return state.accounts.values.joined().map(\.self)
        }
        for account in accounts { account.stop() }
        await http.shutdown()
        await withCheckedContinuation { continuation in
            let isDrained = state.withLock { state in
                state.drained = continuation
                return state.underWay == 0
            }
            if isDrained { continuation.resume() }
        }
    }
}
