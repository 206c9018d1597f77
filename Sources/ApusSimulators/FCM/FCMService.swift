import ApusCore
import NIOHTTP1
import Synchronization

/// Firebase Cloud Messaging: HTTP v1 for one project, and the token endpoint of its service account at `/token`.
///
/// Tokens that begin with an error code and a hyphen, such as `UNREGISTERED-1`, have that error, if the rules are not
/// changed. `UNAUTHENTICATED` refuses the access token.
package final class FCMService: VendorService {
    package static let tokenPath = "/token"

    package let account: ServiceAccount
    package let initialRules = FCMError.allCases.map { error in
        VendorRule(
            prefix: "\(error.rawValue)-", .code(error.rawValue), retryAfter: error == .quotaExceeded ? 60 : nil)
    }

    private struct State {
        var tokens: AccessTokens
        var quota: RequestWindow
    }

    private let sendPath: String
    private let state: Mutex<State>

    /// - Parameters:
    ///   - tokenLifetime: seconds that an access token is good for.
    ///   - rate: how many messages are taken a minute.
    package init(_ account: ServiceAccount, tokenLifetime: Int64 = 3599, rate: Int = 600_000) {
        self.account = account
        sendPath = "/v1/projects/\(account.projectID)/messages:send"
        state = Mutex(
            State(
                tokens: AccessTokens(account, lifetime: tokenLifetime), quota: RequestWindow(limit: rate, seconds: 60)))
    }

    package func refusal(_ code: String) -> VendorAnswer? {
        FCMError(rawValue: code)?.answer()
    }

    package func answer(_ request: VendorRequest, _ context: VendorContext) throws(VendorAnswer) -> VendorAnswer {
        let now = context.clock.now
        guard request.method == .POST else { return VendorAnswer(status: 404) }
        if request.path == Self.tokenPath {
            let uri = "http://\(request.headers.first(name: "host") ?? "")\(Self.tokenPath)"
            return try state.withLock { state throws(VendorAnswer) in
                try state.tokens.answer(request.bodyFields, uri: uri, at: now)
            }
        }
        guard request.path.hasPrefix("/v1/projects/"), request.path.hasSuffix("/messages:send") else {
            return VendorAnswer(status: 404)
        }
        guard state.withLock({ $0.tokens.isGood(request.bearerToken, at: now) }) else {
            throw FCMError.unauthenticated.answer()
        }
        guard request.path == sendPath else { throw FCMError.permissionDenied.answer() }
        return try send(request, context)
    }

    private func send(_ request: VendorRequest, _ context: VendorContext) throws(VendorAnswer) -> VendorAnswer {
        let now = context.clock.now
        let left = state.withLock { $0.quota.take(at: now) ? nil : $0.quota.secondsLeft(at: now) }
        if let left {
            var refusal = FCMError.quotaExceeded.answer()
            refusal.headers.add(name: "retry-after", value: "\(left)")
            throw refusal
        }
        guard let body = request.object else { throw FCMError.fieldViolation.answer("Invalid JSON payload received.") }
        let token = try FCMMessageRules.token(of: body["message"])
        if let token { try context.check(token, of: request) }
        let isTest = body["validate_only"]?.bool ?? false
        let id = isTest ? "fake_message_id" : "0:\(now.milliseconds)000%\(RandomToken.hex128().prefix(16))"
        let name = "projects/\(account.projectID)/messages/\(id)"
        if !isTest { context.accept(request, id: name, targets: token.map { [$0] } ?? []) }
        return .json { $0.member("name", string: name) }
    }
}
