package import ApusCore
package import CoreMetrics
package import Logging
package import NIOCore
import Synchronization

/// Apple's push service, for the iOS devices of apps that have credentials for it. A device's native token is its APNs
/// token; with `sandbox:` in front of it, it belongs to Apple's sandbox.
package final class APNsPushProvider: PushProvider {
    /// A lane of an app.
    private struct Lane {
        let app: AppNumber
        let name: String
        let topic: String
        let environment: APNsEnvironment
        let revision: Int64
    }

    private struct State {
        var lanes: [Lane] = []
        /// By the names of lanes, each with the revision that has it.
        var problems: [String: (revision: Int64, text: String)] = [:]
    }

    package let route = Route.apns
    private let client: APNsClient
    private let clock: any Clock
    private let logger: Logger
    private let state = Mutex(State())

    package init(group: any EventLoopGroup, clock: any Clock, logger: Logger, metrics: any MetricsFactory) {
        client = APNsClient(group: group, clock: clock, logger: logger, metrics: metrics)
        self.clock = clock
        self.logger = logger
    }

    package func serves(_ app: AppNumber) -> Bool {
        state.withLock { $0.lanes.contains { $0.app == app } }
    }

    package func reaches(_ platform: Platform, _ vendor: Route?) -> Bool {
        platform == .ios && (vendor ?? route) == route
    }

    package func checked(token: String) throws(ApusError) -> String { APNsToken(token).nativeToken }

    package func problem(of app: AppNumber) -> String? {
        state.withLock { state in
            for lane in state.lanes where lane.app == app {
                if let problem = state.problems[lane.name], problem.revision == lane.revision { return problem.text }
            }
            return nil
        }
    }

    /// Lanes that do not send at the moment, for a reason that somebody may have to do something about.
    package var troubledLanes: Int {
        state.withLock { state in
            state.lanes.count { state.problems[$0.name]?.revision == $0.revision }
        }
    }

    // MARK: Sending

    package func submit(
        _ delivery: VendorDelivery, completion: @escaping @Sendable (VendorOutcome) -> Void
    ) -> Bool {
        let token = APNsToken(delivery.token)
        guard let lane = lane(of: delivery.message.app, token.environment) else {
            let why = "The app has no credential for the \(token.environment.rawValue) environment."
            return passOver(delivery, why, completion)
        }
        let notification: APNsNotification
        do throws(ApusError) {
            notification = try APNsNotification(delivery, token: token.hex, bundleID: lane.topic)
        } catch {
            completion(VendorOutcome(.refused, code: error.code, detail: error.message))
            return true
        }
        let isTaken = client.submit(notification, to: lane.name) { [self] result in
            let outcome = VendorOutcome(result)
            if result.response?.reason == .tooManyRequests, outcome.result == .putOff {
                completion(later(delivery, outcome.code, outcome.detail, atLeast: result.response?.retryAfter ?? 0))
            } else if outcome.result != .putOff || !passOver(delivery, outcome.detail, completion) {
                completion(outcome)
            }
        }
        if isTaken { return true }
        guard state.withLock({ $0.problems[lane.name] != nil }) else { return false }
        return passOver(delivery, "The lane \(lane.name) does not send at the moment.", completion)
    }

    /// What one of an app's lanes cannot send does not hold up what is behind it and goes by another.
    /// - Returns: false, and `completion` is not called, if the app has no other.
    private func passOver(
        _ delivery: VendorDelivery, _ why: String, _ completion: @Sendable (VendorOutcome) -> Void
    ) -> Bool {
        let count = state.withLock { state in state.lanes.count { $0.app == delivery.message.app } }
        guard count > 1 else { return false }
        let again = clock.now.adding(seconds: Self.pause)
        completion(VendorOutcome(.later(at: again), code: "apns.held_up", detail: why, isAttempt: false))
        return true
    }

    /// Seconds until it is looked at again whether a lane sends.
    private static let pause: Int64 = 10

    /// After 5 s, 10 s and so on up to 10 minutes.
    private func later(
        _ delivery: VendorDelivery, _ code: String, _ detail: String, atLeast seconds: Int64
    ) -> VendorOutcome {
        let pause = max(min(5 << Int64(min(delivery.attempts, 7)), 600), min(seconds, 3600))
        return VendorOutcome(.later(at: clock.now.adding(seconds: pause)), code: code, detail: detail)
    }

    /// The app's first lane of the environment, or the only one that it has.
    private func lane(of app: AppNumber, _ environment: APNsEnvironment) -> Lane? {
        state.withLock { state in
            let own = state.lanes.filter { $0.app == app }
            return own.first { $0.environment == environment } ?? (own.count == 1 ? own.first : nil)
        }
    }

    // MARK: Credentials

    package func checked(_ credential: Credential) throws(ApusError) -> Credential {
        let parsed = try APNsLaneSettings(credential)
        return Credential(
            app: credential.app, appID: credential.appID, route: route, name: parsed.name,
            settings: parsed.publicSettings.text, secret: credential.secret, createdAt: credential.createdAt)
    }

    package func use(_ credentials: [Credential]) async {
        var lanes: [Lane] = []
        for credential in credentials {
            do throws(ApusError) {
                let settings = try APNsLaneSettings(credential)
                let name = "\(credential.appID) \(settings.name)"
                let revision = credential.createdAt.milliseconds
                try client.put(settings.lane(name: name), revision: revision) { [weak self] event in
                    self?.note(event, revision)
                }
                lanes.append(
                    Lane(
                        app: credential.app, name: name, topic: settings.topic, environment: settings.environment,
                        revision: revision))
            } catch {
                logger.error(
                    "an APNs credential cannot be used",
                    metadata: ["app": "\(credential.appID)", "name": "\(credential.name)", "error": "\(error)"])
            }
        }
        let used = lanes
        state.withLock { state in
            state.lanes = used
            state.problems = state.problems.filter { name, _ in used.contains { $0.name == name } }
        }
        client.removeLanes(but: Set(used.map(\.name)))
    }

    package func shutdown() async {
        await client.shutdown()
    }

    private func note(_ event: APNsEvent, _ revision: Int64) {
        let problem: String? =
            switch event.kind {
            case .suspended(let problem, let until): "\(problem); it tries again at \(until.rfc3339)"
            case .stopped(let problem): "\(problem); add the credential again once that is put right"
            case .connectionFailed(let reason, _): "no connection: \(reason)"
            case .resumed: nil
            }
        state.withLock { state in
            // A credential that was replaced still finishes what it has, and says nothing of the new one.
            guard state.problems[event.lane].map({ $0.revision <= revision }) ?? true else { return }
            state.problems[event.lane] = problem.map { (revision, $0) }
        }
        if let problem {
            logger.warning(
                "APNs does not take notifications", metadata: ["lane": "\(event.lane)", "why": "\(problem)"])
        }
    }
}

extension VendorOutcome {
    init(_ result: APNsResult) {
        let answer = result.response.map { "\($0.status) \($0.reasonText ?? "")" } ?? "nothing"
        let detail = "APNs answered \(answer) to apns-id \(result.id), attempt \(result.attempts)."
        let code = "apns.\(result.response?.reasonText ?? result.response.map { String($0.status) } ?? "unknown")"
        switch result.outcome {
        case .delivered:
            self.init(.accepted, code: "apns.accepted", detail: "APNs accepted it as apns-id \(result.id).")
        case .failed: self.init(.refused, code: code, detail: detail)
        case .tokenDead(let since): self.init(.tokenDead(since: since), code: code, detail: detail)
        case .unknown: self.init(.unknown, code: "apns.unknown", detail: detail)
        case .retryLater, .notSent, .refused: self.init(.putOff, code: code, detail: detail)
        }
    }
}
