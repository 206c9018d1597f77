/// A request on its way through a commit.
package final class AcceptOperation: Sendable {
    package enum Request: Sendable {
        case push(PushRequest)
        /// Whether there is such an endpoint is known in the commit.
        case post(EndpointPost)
        /// A message that waited for its time.
        case due(MessageRecord)
    }

    package let request: Request
    package let receiver: any AcceptanceReceiver
    /// The receiver's own, to tell its requests apart.
    package let token: Int

    package init(_ request: PushRequest, receiver: any AcceptanceReceiver, token: Int) {
        self.request = .push(request)
        self.receiver = receiver
        self.token = token
    }

    package init(_ post: EndpointPost, receiver: any AcceptanceReceiver, token: Int) {
        request = .post(post)
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
