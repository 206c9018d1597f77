import NIOCore

/// The HTTP connections of one event loop, so that one timer closes those that wait too long.
// SAFETY: touched on its event loop only.
final class HTTPConnections: @unchecked Sendable {
    private let idleTime: TimeAmount
    private var open: [ObjectIdentifier: HTTPConnectionHandler] = [:]
    private(set) var isDraining = false
    private var closing: [ObjectIdentifier: (handler: HTTPConnectionHandler, deadline: NIODeadline)] = [:]

    private static let lingering = TimeAmount.seconds(2)

    init(eventLoop: any EventLoop, idleTime: TimeAmount) {
        self.idleTime = idleTime
        let tick = min(idleTime, .seconds(1))
        eventLoop.scheduleRepeatedTask(initialDelay: tick, delay: tick) { [weak self] task in
            if let self { self.sweep(at: .now()) } else { task.cancel() }
        }
    }

    func add(_ handler: HTTPConnectionHandler) {
        open[ObjectIdentifier(handler)] = handler
    }

    func remove(_ handler: HTTPConnectionHandler) {
        open[ObjectIdentifier(handler)] = nil
        closing[ObjectIdentifier(handler)] = nil
    }

    /// Closes what waits for a request now, and the others when they have been answered.
    func drain() {
        isDraining = true
        for handler in Array(open.values) where handler.isWaiting { handler.closeIdle() }
    }

    /// The last answer has been written; the client has a moment to take it and to close.
    func closeSoon(_ handler: HTTPConnectionHandler) {
        closing[ObjectIdentifier(handler)] = (handler, .now() + Self.lingering)
    }

    private func sweep(at now: NIODeadline) {
        for (handler, deadline) in Array(closing.values) where deadline <= now { handler.closeIdle() }
        for handler in Array(open.values) where handler.isOverdue(at: now, idleTime: idleTime) { handler.closeIdle() }
    }
}
