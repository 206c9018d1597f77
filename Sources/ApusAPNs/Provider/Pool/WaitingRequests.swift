import NIOCore

/// The requests of a lane that are not under way: those to send as soon as a connection takes them, in order, and those
/// whose time has yet to come.
struct WaitingRequests {
    private var ready = CircularBuffer<PendingRequest>()
    private var delayed: [(request: PendingRequest, due: NIODeadline)] = []

    var count: Int { ready.count + delayed.count }

    /// Since when the first of them could have been sent; an attempt that came to nothing does not count.
    var readySince: NIODeadline? { ready.first?.readySince }

    mutating func append(_ requests: some Collection<PendingRequest>) {
        ready.append(contentsOf: requests)
    }

    /// Adds one that was sent before, ahead of those that were not.
    mutating func prepend(_ request: PendingRequest) {
        ready.prepend(request)
    }

    mutating func append(_ request: PendingRequest, due: NIODeadline) {
        request.readySince = due
        delayed.append((request, due))
    }

    mutating func popFirst() -> PendingRequest? {
        ready.popFirst()
    }

    mutating func removeAll() -> [PendingRequest] {
        defer { self = WaitingRequests() }
        return ready + delayed.map(\.request)
    }

    /// Makes those ready whose time has come.
    /// - Returns: those for which there is no time left, which it removes.
    mutating func advance(to now: NIODeadline) -> [PendingRequest] {
        if delayed.contains(where: { $0.due <= now }) {
            ready.append(contentsOf: delayed.lazy.filter { $0.due <= now }.map(\.request))
            delayed.removeAll { $0.due <= now }
        }
        let overdue = ready.filter { $0.deadline <= now }
        if !overdue.isEmpty { ready.removeAll { $0.deadline <= now } }
        return Array(overdue)
    }
}
