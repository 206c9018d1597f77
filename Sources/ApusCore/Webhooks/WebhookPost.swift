package import NIOCore

/// What is posted to a webhook.
package struct WebhookPost: Sendable {
    package let url: String
    /// The same at each attempt, so that a receiver can tell that it has it already.
    package let id: String
    package let body: ByteBuffer
    package let timestamp: Timestamp
    /// The value of the header `webhook-signature`.
    package let signature: String
    /// How often it was posted in vain.
    package let attempts: Int

    /// - Parameter secrets: each signs, the one in use first.
    package init(url: String, id: String, body: ByteBuffer, secrets: [[UInt8]], attempts: Int, at now: Timestamp) {
        self.url = url
        self.id = id
        self.body = body
        self.attempts = attempts
        timestamp = now
        signature = secrets.map { WebhookSignature.sign(body, id: id, at: now, with: $0) }.joined(separator: " ")
    }
}

package enum WebhookAnswer: Sendable, Equatable {
    /// The receiver answered that it has it.
    case taken
    /// It did not, for a reason that people understand. To be tried again after so many seconds.
    case failed(reason: String, afterSeconds: Int64)
}

/// Whoever carries posts to receivers.
package protocol WebhookSender: Sendable {
    /// - Throws: `ApusError` that says why nothing could ever be posted to this URL.
    func check(url: String) throws(ApusError)
    /// - Parameter completion: called exactly once, on any thread.
    func send(_ post: WebhookPost, completion: @escaping @Sendable (WebhookAnswer) -> Void)
    /// Sends no more; all completions have been called when it returns.
    func shutdown() async
}
