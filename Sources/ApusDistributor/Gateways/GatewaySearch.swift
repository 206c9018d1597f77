import ApusXMPP

/// Looks for a gateway: the configured one, or one that the own server offers.
///
/// A gateway that is in use stays in use as long as nobody says that it is none any more: a new one means new endpoints
/// for all applications.
struct GatewaySearch {
    enum Action: Equatable {
        case askItems(JID)
        case askInfo(JID)
        case finish(Outcome)
    }

    enum Outcome: Equatable {
        case found(Gateway)
        /// Somebody did not answer.
        case unclear
        case none
    }

    /// Services that are asked what they are.
    private static let mostCandidates = 20

    private let configured: JID?
    private let inUse: Gateway?
    private var candidates: [JID] = []
    private var open: Set<JID> = []
    private var found: [JID: GatewayDialect] = [:]
    private var silent: Set<JID> = []
    private var isListing = false
    private var isListLost = false

    init(configured: JID?, inUse: Gateway?) {
        self.configured = configured
        self.inUse = inUse.flatMap { configured == nil || $0.address == configured ? $0 : nil }
    }

    mutating func start(ownDomain: JID) -> [Action] {
        if let configured { return ask([configured]) }
        isListing = true
        return [.askItems(ownDomain)] + ask([ownDomain] + (inUse.map { [$0.address] } ?? []))
    }

    mutating func receiveItems(_ answer: LinkAnswer) -> [Action] {
        isListing = false
        isListLost = answer == .lost
        guard case .result(let iq) = answer else { return finishIfDone() }
        let items = iq.child("query", Namespace.discoItems)?.children(named: "item") ?? []
        let services = items.filter { $0.attribute("node") == nil }.compactMap { $0.attribute("jid") }
        return ask(services.compactMap { try? JID($0) }) + finishIfDone()
    }

    mutating func receiveInfo(_ answer: LinkAnswer, from service: JID) -> [Action] {
        guard open.remove(service) != nil else { return [] }
        switch answer {
        case .result(let iq):
            let query = iq.child("query", Namespace.discoInfo)
            let features = Set(query?.children(named: "feature").compactMap { $0.attribute("var") } ?? [])
            found[service] = [GatewayDialect.gultsch, .genofire].first { features.contains($0.namespace) }
        case .refused: break
        case .lost: silent.insert(service)
        }
        return finishIfDone()
    }

    private mutating func ask(_ services: [JID]) -> [Action] {
        var actions: [Action] = []
        for service in services where candidates.count < Self.mostCandidates && !candidates.contains(service) {
            candidates.append(service)
            open.insert(service)
            actions.append(.askInfo(service))
        }
        return actions
    }

    private func finishIfDone() -> [Action] {
        open.isEmpty && !isListing ? [.finish(outcome)] : []
    }

    private var outcome: Outcome {
        if let inUse, found[inUse.address] == inUse.dialect || silent.contains(inUse.address) { return .found(inUse) }
        for dialect in [GatewayDialect.gultsch, .genofire] {
            if let address = candidates.first(where: { found[$0] == dialect }) {
                return .found(Gateway(address: address, dialect: dialect))
            }
        }
        // Whoever configured a gateway knows that it is one, even if it does not say so.
        if let configured, silent.isEmpty { return .found(Gateway(address: configured, dialect: .gultsch)) }
        return silent.isEmpty && !isListLost ? .none : .unclear
    }
}
