import ApusCore
import NIOCore
import NIOHTTP1
import Synchronization

/// What a vendor's service has besides the request: the time, the rules that were demanded, and the journal.
package final class VendorContext: Sendable {
    let clock: any Clock
    let journal: VendorJournal
    private let service: any VendorService
    private let state: Mutex<State>

    private struct State {
        var behaviour: VendorBehaviour
        var rules = VendorRuleBook()
    }

    init(_ service: any VendorService, clock: any Clock, remembered: Int) {
        self.clock = clock
        self.service = service
        journal = VendorJournal(remembered: remembered)
        var state = State(behaviour: VendorBehaviour())
        state.behaviour.rules = service.initialRules
        state.rules.replace(with: service.initialRules)
        self.state = Mutex(state)
    }

    var behaviour: VendorBehaviour { state.withLock { $0.behaviour } }

    func change<Failure: Error>(_ change: (inout VendorBehaviour) throws(Failure) -> Void) throws(Failure) {
        try state.withLock { state throws(Failure) in
            let rules = state.behaviour.rules
            try change(&state.behaviour)
            if state.behaviour.rules != rules { state.rules.replace(with: state.behaviour.rules) }
        }
    }

    /// The rule that takes effect for a request, whatever is in it.
    func rule(forPath path: String) -> VendorRule? {
        state.withLock { $0.rules.rule(forPath: path) }
    }

    /// The rule that takes effect for one of a request's targets.
    func rule(forTarget target: String, path: String) -> VendorRule? {
        state.withLock { $0.rules.rule(forTarget: target, path: path) }
    }

    /// The codes that were demanded for each of `targets`; nil for those that nothing was demanded for.
    /// - Throws: what is to be answered if a status or a fault was demanded for one of them.
    func codes(for targets: [String], of request: VendorRequest) throws(VendorAnswer) -> [String?] {
        let rules = state.withLock { state in
            targets.map { state.rules.rule(forTarget: $0, path: request.path) }
        }
        var codes: [String?] = []
        for rule in rules {
            if case .code(let code)? = rule?.effect {
                codes.append(code)
            } else if let rule {
                throw answer(demandedBy: rule)
            } else {
                codes.append(nil)
            }
        }
        return codes
    }

    /// For vendors that refuse a request as a whole, which has this one target.
    /// - Throws: what was demanded for it.
    func check(_ target: String, of request: VendorRequest) throws(VendorAnswer) {
        if let rule = rule(forTarget: target, path: request.path) { throw answer(demandedBy: rule) }
    }

    func answer(demandedBy rule: VendorRule) -> VendorAnswer {
        var answer = VendorAnswer(status: 200)
        switch rule.effect {
        case .code(let code):
            answer = service.refusal(code) ?? VendorAnswer(status: 500, code: code)
        case .status(let status):
            answer.status = status
            answer.isDemanded = true
        case .fault(let fault):
            answer.fault = fault
            answer.isDemanded = true
        }
        if answer.fault == .garbage {
            answer.headers.add(name: "content-type", value: "text/html")
            answer.body.writeString("<html><body>{\"code\":</body>")
        }
        if let retryAfter = rule.retryAfter { answer.headers.replaceOrAdd(name: "retry-after", value: "\(retryAfter)") }
        return answer
    }

    /// Keeps a request that the vendor takes over.
    func accept(_ request: VendorRequest, id: String, targets: [String]) {
        journal.accept(
            VendorAccepted(
                id: id, path: request.path, sender: nil, targets: targets, body: String(buffer: request.body),
                acceptedAt: clock.now))
    }

    /// Answers a request and counts it.
    func answer(_ request: VendorRequest) -> VendorAnswer {
        let answer = makeAnswer(request)
        journal.count { counts in
            counts.requests += 1
            if let code = answer.code {
                counts.refused[code, default: 0] += 1
            } else if answer.isDemanded {
                counts.faults += 1
            }
        }
        return answer
    }

    private func makeAnswer(_ request: VendorRequest) -> VendorAnswer {
        let rule = rule(forPath: request.path)
        if let rule, !rule.accepts { return answer(demandedBy: rule) }
        do throws(VendorAnswer) {
            let answer = try service.answer(request, self)
            return rule.map(self.answer(demandedBy:)) ?? answer
        } catch {
            return error
        }
    }
}
