import Logging
import Synchronization

/// Asks vendors how their jobs stand until they are final: of each vendor one job at a time, each job in its turn.
package final class TaskWatch: Sendable {
    private let dispatcher: Dispatcher
    /// Vendors with a round under way.
    private let asked = Mutex<Set<Route>>([])

    /// Jobs that are read at once.
    private static let page = 100

    package init(_ dispatcher: Dispatcher) {
        self.dispatcher = dispatcher
    }

    /// Begins a round with each vendor whose last one is over. Nobody waits for the answers, which may take long.
    package func begin() {
        for provider in dispatcher.lanes.map(\.provider) {
            let route = provider.route
            guard asked.withLock({ $0.insert(route).inserted }) else { continue }
            Task {
                await round(provider)
                asked.withLock { _ = $0.remove(route) }
            }
        }
    }

    /// All jobs of a vendor, those first that were asked for the longest time ago.
    private func round(_ provider: any PushProvider) async {
        let (route, start) = (provider.route, dispatcher.clock.now)
        var last: VendorTask?
        while !dispatcher.stopping {
            let after = last
            let page = try? await dispatcher.query {
                try $0.openTasks(of: route, after: after, before: start, limit: Self.page)
            }
            guard let page, !page.isEmpty else { return }
            for task in page where !dispatcher.stopping { await ask(provider, task) }
            last = page.last
        }
    }

    private func ask(_ provider: any PushProvider, _ task: VendorTask) async {
        guard let status = await provider.status(of: task) else { return }
        var asked = task
        asked.status = status
        let changed = asked
        do {
            try await dispatcher.update { try $0.putTask(changed) }
        } catch {
            dispatcher.logger.warning("how a job stands cannot be written", metadata: ["error": "\(error)"])
        }
    }
}
