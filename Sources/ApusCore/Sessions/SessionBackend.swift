/// What a shard of sessions needs of the rest of the house.
package protocol SessionBackend: AnyObject, Sendable {
    var clock: any Clock { get }
    var directory: SessionDirectory { get }
    var settings: SessionSettings { get }
    var metrics: DeliveryMetrics { get }

    /// Writes what happened to deliveries with the next batch.
    func record(_ changes: [DeliveryChange], sent: [SentGroup])
    /// Reads open deliveries and hands them to the shard's `take(_:)`.
    /// - Parameter afterCommit: whether everything recorded so far has to be on disk before it is read, so that what a
    ///   device confirmed just before it reconnected is not sent to it again.
    func fetch(_ request: PendingRequest, afterCommit: Bool)
    /// Closes a session that lives on any shard.
    func close(_ reference: SessionReference, _ reason: SessionCloseReason)
}

/// A session's question to the store.
package struct PendingRequest: Sendable {
    package enum Query: Sendable {
        /// The next deliveries behind `after`.
        case page(after: MessageID, limit: Int)
        /// These, if they are still open.
        case again([MessageID])
    }

    package let shard: Int
    package let handle: SessionHandle
    package let device: DeviceNumber
    package let query: Query
}

/// The store's answer to a `PendingRequest`.
package struct PendingAnswer: Sendable {
    package let request: PendingRequest
    /// Nil if the store could not be read.
    package let deliveries: [PendingDelivery]?

    package init(request: PendingRequest, deliveries: [PendingDelivery]?) {
        self.request = request
        self.deliveries = deliveries
    }
}
