package import NIOCore

/// What the dispatcher holds at most, and for how long.
package struct DispatchLimits: Sendable {
    /// Requests that wait for their commit; further ones are refused.
    package var queuedAccepts = 20_000
    /// Operations that wait, from which on receipts that nobody waits for are dropped.
    package var queuedReceipts = 100_000
    /// Operations in one commit.
    package var largestCommit = 4096
    /// Deliveries after which a commit ends, however many operations wait.
    package var largestFanOut = 20_000
    /// For how long a repeated request is recognised.
    package var idempotencySeconds: Int64 = 24 * 3600
    /// How long the store counts as failing after it refused a message, so that whoever asks sends no more for a while.
    package var failingFor = TimeAmount.seconds(10)
    /// How long to wait before receipts are written again after the store refused them.
    package var retryCommitAfter = TimeAmount.seconds(1)

    package init() {}
}
