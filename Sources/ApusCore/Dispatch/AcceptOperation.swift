/// A request on its way through a commit.
package final class AcceptOperation: Sendable {
    package let request: PushRequest
    package let receiver: any AcceptanceReceiver
    /// The receiver's own, to tell its requests apart.
    package let token: Int

    package init(_ request: PushRequest, receiver: any AcceptanceReceiver, token: Int) {
        self.request = request
        self.receiver = receiver
        self.token = token
    }
}

/// Who is told that a request was accepted, once it is on disk.
package protocol AcceptanceReceiver: AnyObject, Sendable {
    /// The index of the shard on whose event loop `accepted` is to be called.
    var shard: Int { get }
    func accepted(_ result: Result<Acceptance, ApusError>, token: Int)
}
