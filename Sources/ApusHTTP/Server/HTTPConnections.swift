import ApusCore
import NIOCore

/// The HTTP connections of one event loop, so that one timer closes those that wait too long.
// SAFETY: touched on its event loop only.
final class HTTPConnections: @unchecked Sendable {
    private let idleTime: TimeAmount
    private var open: [ObjectIdentifier: HTTPConnectionHandler] = [:]
    private(set) var isDraining = false
    private var verifier: VAPIDVerifier?
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
        for handler in Array(open.values) { handler.drain() }
    }

    /// The last answer has been written; the client has a moment to take it and to close.
    func closeSoon(_ handler: HTTPConnectionHandler) {
        closing[ObjectIdentifier(handler)] = (handler, .now() + Self.lingering)
    }

    /// Whose key signed a post to an endpoint (RFC 8292); nil if it is not signed.
    func signer(of request: HTTPWireRequest, _ shared: HTTPServerContext) throws(ApusError) -> [UInt8]? {
        let authorization = request.headers.first("authorization")
        guard authorization != nil else { return nil }
        let verifier = verifier ?? VAPIDVerifier(origins: [shared.endpoints.origin])
        self.verifier = verifier
        do throws(VAPIDError) {
            let key = try verifier.verify(
                authorization: authorization, cryptoKey: request.headers.first("crypto-key"),
                at: shared.dispatcher.clock.now)
            return key.flatMap { Base64URL.decode($0.utf8) }
        } catch {
            throw ApusError(.forbidden, code: "vapid_invalid", error.description)
        }
    }

    private func sweep(at now: NIODeadline) {
        for (handler, deadline) in Array(closing.values) where deadline <= now { handler.closeIdle() }
        for handler in Array(open.values) where handler.isOverdue(at: now, idleTime: idleTime) { handler.closeIdle() }
    }
}
