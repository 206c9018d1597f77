import ApusCore
import NIOCore

/// Why a request has no result.
package enum XMPPRequestError: Error, Equatable, Sendable {
    /// There is no stream, or the server takes less than is sent, or too many requests are open.
    case notSent
    case timedOut
    /// The connection was lost, and with it whatever the answer was.
    case connectionLost
    /// The answer is an error, which is the whole IQ, as some say what went wrong in a form of their own.
    case refused(StanzaError, answer: XMLElement)
    case stopped
}

/// The IQs that a client has sent and that are not answered yet.
// SAFETY: touched on its event loop only, where `failAll` hops to.
final class OpenRequests: @unchecked Sendable {
    typealias Outcome = Result<XMLElement, XMPPRequestError>

    private struct Request {
        let to: String?
        let timer: Scheduled<Void>
        let finish: (Outcome) -> Void
    }

    private static let most = 256

    private let account: JID
    private let eventLoop: any EventLoop
    private var address: JID?
    private var open: [String: Request] = [:]
    /// Tells our ids from those of the program before a restart, whose answers may still come.
    private let prefix = String(RandomToken.hex128().prefix(8))
    private var count = 0

    init(account: JID, on eventLoop: any EventLoop) {
        self.account = account
        self.eventLoop = eventLoop
    }

    func ask(
        _ iq: XMLElement, _ timeout: TimeAmount, send: (XMLElement) -> Bool, finish: @escaping (Outcome) -> Void
    ) {
        count += 1
        let id = "\(prefix)-\(count)"
        var iq = iq
        iq.setAttribute("id", id)
        guard open.count < Self.most, send(iq) else { return finish(.failure(.notSent)) }
        let timer = eventLoop.scheduleTask(in: timeout) { self.finish(id, .failure(.timedOut)) }
        open[id] = Request(to: iq.attribute("to"), timer: timer, finish: finish)
    }

    /// - Returns: whether the event was an answer, which nobody else needs to see.
    func take(_ event: XMPPClientEvent) -> Bool {
        switch event {
        case .stanza(let stanza): return answer(stanza)
        case .connected(let address, let resumed):
            self.address = address
            if !resumed { finishAll(.connectionLost) }
        case .disconnected, .failed: break
        }
        return false
    }

    func failAll(_ error: XMPPRequestError) {
        eventLoop.execute { self.finishAll(error) }
    }

    private func finishAll(_ error: XMPPRequestError) {
        for id in Array(open.keys) { finish(id, .failure(error)) }
    }

    private func finish(_ id: String, _ outcome: Outcome) {
        guard let request = open.removeValue(forKey: id) else { return }
        request.timer.cancel()
        request.finish(outcome)
    }

    private func answer(_ iq: XMLElement) -> Bool {
        guard iq.name == "iq", let type = iq.attribute("type"), type == "result" || type == "error",
            let id = iq.attribute("id"), let request = open[id], isFromWhom(iq, request.to)
        else { return false }
        finish(
            id,
            type == "result"
                ? .success(iq) : .failure(.refused(StanzaError(in: iq) ?? StanzaError(.undefinedCondition), answer: iq))
        )
        return true
    }

    /// Nobody but who was asked can answer. The account itself may leave its address out (RFC 6120 §8.1.2.1).
    private func isFromWhom(_ iq: XMLElement, _ to: String?) -> Bool {
        let from = iq.attribute("from").flatMap { try? JID($0) }
        let asked = to.flatMap { try? JID($0) }
        guard asked == nil || asked == account else { return from == asked }
        return iq.attribute("from") == nil || from == account || from == address
            || asked == nil && from?.description == account.domain
    }
}
