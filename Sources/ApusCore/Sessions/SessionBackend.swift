/// What a shard of sessions needs of the rest of the house.
package protocol SessionBackend: AnyObject, Sendable {
    var clock: any Clock { get }
    var directory: SessionDirectory { get }
    var settings: SessionSettings { get }
    var metrics: DeliveryMetrics { get }

    /// Whether so many receipts wait to be written that those nobody waits for are better dropped.
    var isCongested: Bool { get }

    /// Writes what happened to deliveries with the next batch.
    func record(_ changes: [DeliveryChange], sent: [SentGroup])
    /// Reads open deliveries and hands them to the shard's `take(_:)`.
    /// - Parameter afterCommit: whether everything recorded so far has to be on disk before it is read, so that what a
    ///   device confirmed just before it reconnected is not sent to it again.
    func fetch(_ request: PendingRequest, afterCommit: Bool)
    /// A device's connection ended, with whatever is still open for it.
    func stranded(_ device: DeviceNumber)
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
    package enum Content: Sendable {
        case deliveries([PendingDelivery])
        /// The device is not registered any more.
        case unregistered
        /// The store could not be read.
        case unreadable
    }

    package let request: PendingRequest
    package let content: Content

    package init(request: PendingRequest, content: Content) {
        self.request = request
        self.content = content
    }
}
