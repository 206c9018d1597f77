import Logging
import Synchronization

/// The credentials of all apps. Each holder is told of its own, at the start and whenever they change.
package final class CredentialBook: Sendable {
    private let dispatcher: Dispatcher
    private let box: SecretBox
    private let holders: [any CredentialHolder]
    private let lastTold = Mutex<Task<Void, any Error>?>(nil)

    /// - Parameter others: holders beside the dispatcher's providers.
    package init(dispatcher: Dispatcher, box: SecretBox, others: [any CredentialHolder]) {
        self.dispatcher = dispatcher
        self.box = box
        holders = dispatcher.lanes.map(\.provider) + others
    }

    /// Tells every holder of its credentials.
    package func load() async throws {
        for holder in holders { try await tell(holder) }
    }

    /// All credentials, without their secrets.
    package func list(appID: String?) async throws -> [Credential] {
        let all = try await dispatcher.query { try $0.credentials() }
        return all.filter { appID == nil || $0.appID == appID }.map { $0.with(secret: []) }
    }

    /// Adds a credential, or puts it in the place of the one with the same app, vendor and name.
    /// - Parameters:
    ///   - credential: with its secret in clear.
    ///   - act: what the audit says of it.
    /// - Returns: it, without its secret.
    /// - Throws: `ApusError` if there is no such holder, or it cannot use the credential.
    package func put(_ credential: Credential, noting act: AuditAct?) async throws -> Credential {
        let holder = try holder(credential.route)
        let named = try holder.checked(credential)
        let sealed = named.with(secret: box.seal(named.secret, for: named.sealingName))
        try await dispatcher.update(noting: { _ in act }) { try $0.putCredential(sealed) }
        try await tell(holder)
        return named.with(secret: [])
    }

    /// - Throws: `ApusError` if there is none.
    package func remove(_ name: String, of route: Route, appID: String, noting act: AuditAct?) async throws {
        let holder = try holder(route)
        let isKnown = try await dispatcher.update(noting: { $0 ? act : nil }) {
            try $0.removeCredential(name, of: route, appID: appID)
        }
        guard isKnown else {
            throw ApusError(
                .notFound, code: "unknown_credential", "The app has no \(route.rawValue) credential named \(name).")
        }
        try await tell(holder)
    }

    /// Sends a test message to a token, past the store.
    /// - Returns: what the vendor answered.
    package func test(
        _ route: Route, app: App, token: String, platform: Platform
    ) async throws -> VendorOutcome {
        guard let provider = try holder(route) as? any PushProvider else { throw Self.unknown(route, holders) }
        let now = dispatcher.clock.now
        let message = Message(
            id: MessageID(lowestAt: now), app: app.number, appID: app.id, tenant: "",
            content: MessageContent(title: "Apus", alert: "This is a test."), needsConfirmation: false,
            expiresAt: now.adding(seconds: 60))
        let delivery = VendorDelivery(
            message: message, device: DeviceNumber(0), platform: platform, token: token, registeredAt: now)
        return try await withCheckedThrowingContinuation { continuation in
            let answer = TestAnswer(continuation)
            let fail = { @Sendable (usual: String) in
                let problem = provider.problem(of: app.number) ?? usual
                answer.give(.failure(ApusError(.unavailable(retryAfter: 5), code: "vendor_busy", problem)))
            }
            if !provider.submit(delivery, completion: { answer.give(.success($0)) }) {
                fail("The app has no \(route.rawValue) credential, or the vendor takes no more at the moment.")
            }
            answer.expire(on: dispatcher.shards.first?.eventLoop) { fail("The vendor did not answer in time.") }
        }
    }

    private func holder(_ route: Route) throws(ApusError) -> any CredentialHolder {
        guard let holder = holders.first(where: { $0.route == route }) else { throw Self.unknown(route, holders) }
        return holder
    }

    private static func unknown(_ route: Route, _ holders: [any CredentialHolder]) -> ApusError {
        let known = holders.map(\.route.rawValue).joined(separator: ", ")
        return ApusError(
            .invalid, code: "unknown_provider", "There is no provider \(route.rawValue). There are: \(known).")
    }

    /// One after the other, so that what was read first is not what a holder hears last.
    private func tell(_ holder: any CredentialHolder) async throws {
        let turn = lastTold.withLock { last in
            let turn = Task { [last] in
                _ = await last?.result
                try await self.tellNow(holder)
            }
            last = turn
            return turn
        }
        try await turn.value
    }

    private func tellNow(_ holder: any CredentialHolder) async throws {
        let route = holder.route
        let sealed = try await dispatcher.query { try $0.credentials() }.filter { $0.route == route }
        let opened = sealed.compactMap { credential -> Credential? in
            guard let secret = box.open(credential.secret, for: credential.sealingName) else {
                dispatcher.logger.error(
                    "a credential cannot be decrypted: the key file is another one; add the credential again",
                    metadata: ["app": "\(credential.appID)", "provider": "\(route.rawValue)"])
                return nil
            }
            return credential.with(secret: secret)
        }
        await holder.use(opened)
        for lane in dispatcher.lanes where lane.provider.route == route { lane.sweep() }
    }
}
