import Synchronization

/// The components that are attached, by their domains.
final class Components: Sendable {
    let settings: ComponentSettings
    /// The same, for service discovery.
    let services = ServiceList()
    private let attached = Mutex<[String: any StanzaReceiver]>([:])

    init(_ settings: ComponentSettings) {
        self.settings = settings
    }

    subscript(domain: String) -> (any StanzaReceiver)? {
        attached.withLock { $0[domain] }
    }

    /// - Returns: false if another component serves the domain.
    func attach(_ component: any StanzaReceiver, to domain: String) -> Bool {
        let isFree = attached.withLock { attached in
            guard attached[domain] == nil else { return false }
            attached[domain] = component
            return true
        }
        if isFree { services.add(domain) }
        return isFree
    }

    func detach(from domain: String) {
        attached.withLock { $0[domain] = nil }
        services.remove(domain)
    }
}
