package import ApusCore

/// Messages whose devices Umeng finds: what becomes of single devices is not known then.
package struct UmengJobs: VendorJobs {
    private static let mostAliases = 500

    private let provider: BatchingProvider<UmengVendor>
    private let clock: any Clock

    /// - Returns: nil if Umeng is not among the providers.
    package init?(among providers: [any PushProvider], clock: any Clock) {
        guard let provider = providers.lazy.compactMap({ $0 as? BatchingProvider<UmengVendor> }).first else {
            return nil
        }
        self.provider = provider
        self.clock = clock
    }

    /// Sends a message. Umeng does not do a job a second time that has the same message's id, except for aliases.
    /// - Throws: `ApusError` that says what is wrong, or what Umeng answered.
    package func send(
        _ message: Message, to audience: JobAudience, on platform: Platform
    ) async throws(ApusError) -> VendorTask {
        try Self.check(audience)
        let account = try account(of: message.app, platform)
        let now = clock.now
        let response = try await response(to: account.vendor.send(message, to: audience, at: now), of: account)
        return response.task(of: message, platform, at: now, isFinal: !audience.isTask)
    }

    /// How a job stands; nil if that cannot be told at the moment.
    package func status(of task: VendorTask) async -> VendorTaskStatus? {
        await provider.status(of: task)
    }

    /// Stops a job that is not done.
    /// - Throws: `ApusError` with what Umeng answered.
    package func cancel(_ task: VendorTask) async throws(ApusError) {
        let account = try account(of: task.app, task.platform)
        _ = try await response(to: account.vendor.cancel(task.id, at: clock.now), of: account)
    }

    private static func check(_ audience: JobAudience) throws(ApusError) {
        switch audience {
        case .everyone: break
        case .filter(let filter):
            guard let members = AppData(object: filter), members.contains("where") else {
                throw ApusError(
                    .invalid, code: "umeng_filter_invalid",
                    #"The filter must be a JSON object with a member where, as in {"where":{"and":[{"tag":"a"}]}}."#)
            }
        case .aliases(let aliases, let type):
            guard (1...mostAliases).contains(aliases.count), !type.isEmpty,
                aliases.allSatisfy({ !$0.isEmpty && !$0.contains(",") })
            else {
                throw ApusError(
                    .invalid, code: "umeng_aliases_invalid",
                    "1 to \(mostAliases) aliases without commas are needed, and the type that the app gave them.")
            }
        }
    }

    private func account(
        of app: AppNumber, _ platform: Platform
    ) throws(ApusError) -> VendorAccount<UmengVendor> {
        guard let account = provider.account(of: app, platform) else {
            throw ApusError(
                .notFound, code: "unknown_credential",
                "The app has no umeng credential for \(platform.name) devices: add one.")
        }
        return account
    }

    private func response(
        to request: OutgoingRequest, of account: VendorAccount<UmengVendor>
    ) async throws(ApusError) -> UmengResponse {
        switch await provider.answer(.send(request) { .finish($0) }, from: account) {
        case .success(let answer):
            let response = UmengResponse(answer)
            guard response.isSuccess else {
                let code = response.code == 0 ? answer.status : response.code
                throw ApusError(.conflict, code: "umeng.\(code)", response.detail)
            }
            return response
        case .failure(.forbidden(let reason)), .failure(.notSent(let reason)):
            throw ApusError(
                .unavailable(retryAfter: 30), code: "umeng.not_sent", "Nothing was sent to Umeng: \(reason).")
        case .failure(.unanswered(let reason)):
            throw ApusError(
                .unavailable(retryAfter: 30), code: "umeng.unknown",
                "Umeng did not answer, and may have taken it: \(reason).")
        }
    }
}

extension JobAudience {
    /// Whether Umeng says how the job stands; it tells nothing of those for aliases.
    var isTask: Bool {
        if case .aliases = self { false } else { true }
    }
}
