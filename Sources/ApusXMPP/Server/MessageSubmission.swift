import ApusCore
import NIOCore

/// A message from one address to an account, on its way to become a push. Whoever sent it hears only of a refusal.
final class MessageSubmission: AcceptanceReceiver {
    private let message: XMLElement
    private let sender: any StanzaReceiver
    private let key: String?
    private let shared: XMPPServerContext
    private let loop: SessionShard
    private let finished: @Sendable () -> Void

    var shard: Int { loop.index }

    /// - Parameters:
    ///   - message: with the sender's address in `from`.
    ///   - key: what the same message would come again with; nil if it will not.
    ///   - loop: where `finished` is called, in any case.
    init(
        _ message: XMLElement, from sender: any StanzaReceiver, key: String? = nil, _ shared: XMPPServerContext,
        on loop: SessionShard,
        finished: @escaping @Sendable () -> Void = {}
    ) {
        self.message = message
        self.sender = sender
        self.key = key
        self.shared = shared
        self.loop = loop
        self.finished = finished
    }

    /// - Parameter app: the app whose accounts the sender may write to; nil for all.
    func start(to name: String, within app: AppNumber?) {
        shared.metrics.count(.accountMessage)
        shared.dispatcher.account(named: name) { [self] result in
            switch result {
            case .success(let account?) where account.isActive && (app == nil || account.app == app):
                submit(to: account)
            case .success: end(StanzaError(.serviceUnavailable))
            case .failure: end(.storeUnavailable)
            }
        }
    }

    private func submit(to account: Account) {
        let content = MessageContent(
            title: message.child("subject")?.text, alert: message.child("body")?.text ?? "",
            sender: message.attribute("from"), senderAddress: message.attribute("from"))
        guard content.alert.utf8.count + (content.title?.utf8.count ?? 0) <= shared.settings.largestPayload.value else {
            let text = "Subject and body have more than \(shared.settings.largestPayload.value) bytes together."
            return end(StanzaError(.policyViolation, text: text))
        }
        let request = PushRequest(
            app: account.app, appID: account.appID, audience: Audience(.device, [account.deviceID]), content: content,
            timeToLive: shared.settings.messageTimeToLive, idempotencyKey: key, origin: Origin(.device))
        do throws(ApusError) {
            if let app = shared.apps[account.appID] { try shared.apps.take(1, from: app) }
            try shared.dispatcher.submit(AcceptOperation(request, receiver: self, token: 0))
        } catch {
            end(StanzaError(error))
        }
    }

    func accepted(_ result: Result<Acceptance, ApusError>, token: Int) {
        switch result {
        case .success: end(nil)
        case .failure(let error): end(StanzaError(error))
        }
    }

    private func end(_ error: StanzaError?) {
        if let reply = error?.reply(to: message) { sender.receive(reply) }
        loop.eventLoop.execute(finished)
    }
}
