/// One thing that a commit does.
enum CommitOperation: Sendable {
    case accept(AcceptOperation)
    case change(DeliveryChange)
    case sent(SentGroup)
    /// A vendor's answer; the second is called once it is on disk.
    case settle(VendorSettlement, @Sendable () -> Void)
    /// Deliveries that a vendor need not be given any more.
    case unqueue(Route, AppNumber, [DeliveryKey])
    /// A device's connection ended: what is open goes to its vendor, if it has one.
    case strand(DeviceNumber)
    case control(ControlOperation)
    /// Makes messages of what it finds in the store.
    case push(PushingOperation)
    /// Read this once everything before it is on disk.
    case fetch(PendingRequest)

    var writes: Bool {
        if case .fetch = self { false } else { true }
    }
}

/// A change of the control plane that makes messages, which are on disk together with everything else that it writes.
// SAFETY: `run` and `finish` are called one after the other by the commit thread only.
final class PushingOperation: @unchecked Sendable {
    typealias Send = (AcceptOperation.Request) throws -> Acceptance

    private let body: (any StoreTransaction, Send) throws -> Void
    private let finished: (Result<Void, any Error>) -> Void

    init(
        _ body: @escaping @Sendable (any StoreTransaction, Send) throws -> Void,
        finished: @escaping @Sendable (Result<Void, any Error>) -> Void
    ) {
        self.body = body
        self.finished = finished
    }

    /// Any error fails the whole commit.
    func run(_ transaction: any StoreTransaction, _ send: Send) throws { try body(transaction, send) }

    func finish(_ commitError: (any Error)?) {
        finished(commitError.map { .failure($0) } ?? .success(()))
    }
}

/// One thing that is read from the store.
enum ReadOperation: Sendable {
    case pending(PendingRequest)
    case query(@Sendable (Result<any StoreSnapshot, any Error>) -> Void)
}

/// A change of the control plane (a new app, a registration): any code that runs in a commit.
// SAFETY: `run` and `finish` are called one after the other by the commit thread only.
final class ControlOperation: @unchecked Sendable {
    private let body: (any StoreTransaction) throws -> Void
    private let finished: (Result<Void, any Error>) -> Void
    private var failure: ApusError?

    init(
        _ body: @escaping @Sendable (any StoreTransaction) throws -> Void,
        finished: @escaping @Sendable (Result<Void, any Error>) -> Void
    ) {
        self.body = body
        self.finished = finished
    }

    /// An `ApusError` is the operation's own: it must have been thrown before anything was written. Any other error
    /// fails the whole commit.
    func run(_ transaction: any StoreTransaction) throws {
        do {
            try body(transaction)
        } catch let error as ApusError {
            failure = error
        }
    }

    func finish(_ commitError: (any Error)?) {
        if let error = failure ?? commitError { finished(.failure(error)) } else { finished(.success(())) }
    }
}
