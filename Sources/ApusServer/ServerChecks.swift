import ApusCore
import ApusHTTP
import Foundation

/// What a server's readiness depends on.
enum ServerChecks {
    private static let longestCommit = Duration.seconds(10)

    /// A message could be stored and read.
    static func store(_ dispatcher: Dispatcher) -> ReadinessCheck {
        ReadinessCheck("store") {
            // Behind a commit that hangs, another would only hang too.
            guard dispatcher.longestCommitWait < longestCommit else {
                return .failed(code: "store_unavailable", "The store is still busy with what came before.")
            }
            let started = ContinuousClock.now
            do {
                try await dispatcher.update { try $0.probe() }
                _ = try await dispatcher.query { try $0.lastMessage() }
            } catch {
                return .failed(
                    code: "store_unavailable", "The store cannot be written or read. The log says why.")
            }
            return .fine("written and read in \((ContinuousClock.now - started).milliseconds) ms")
        }
    }

    /// - Parameter least: bytes that must be free; 0 for any number.
    static func disk(_ directory: String, least: Int) -> ReadinessCheck {
        ReadinessCheck("disk") {
            var status = statvfs()
            guard statvfs(directory, &status) == 0 else {
                return .failed(
                    code: "disk_unreadable", "The data directory cannot be looked at.", file: directory)
            }
            let free = Int(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
            let text = "\(free >> 20) MB are free for the data directory"
            guard free < least else { return .fine(text) }
            return .failed(
                code: "disk_full",
                "Only \(text). Free some, or lower storage.least_free, which is \(least >> 20) MB.")
        }
    }

    static func commits(_ dispatcher: Dispatcher) -> ReadinessCheck {
        ReadinessCheck("commits") {
            let wait = dispatcher.longestCommitWait
            guard wait > longestCommit else {
                return .fine("\(dispatcher.commitQueueDepth) wait, the first for \(wait.milliseconds) ms")
            }
            return .failed(
                code: "commits_stuck",
                "What is to be written has waited for \(wait.components.seconds) s. The disk may be too slow, or hang.")
        }
    }

    /// - Parameter listeners: whether each listens; nil if it is not switched on.
    static func listeners(_ listeners: [(name: String, isListening: @Sendable () -> Bool?)]) -> ReadinessCheck {
        ReadinessCheck("listeners") {
            let states = listeners.map { ($0.name, $0.isListening()) }.filter { $0.1 != nil }
            let names = states.map(\.0).joined(separator: ", ")
            guard let closed = states.first(where: { $0.1 == false })?.0 else { return .fine(names) }
            return .failed(code: "not_listening", "Nothing is accepted for \(closed) any more.")
        }
    }

    private static let daysBeforeEnd: Int64 = 14

    static func certificate(_ tls: ServerTLS, _ clock: any Clock) -> ReadinessCheck {
        ReadinessCheck("certificate") {
            let (expiry, file) = (tls.material.expiry, tls.material.files.certificate)
            let now = clock.now
            if expiry <= now {
                return .failed(
                    code: "certificate_ended", "The certificate ended at \(expiry.rfc3339).", file: file)
            }
            return expiry <= now.adding(seconds: daysBeforeEnd * 86_400)
                ? .warning("\(file) ends at \(expiry.rfc3339)") : .fine("until \(expiry.rfc3339)")
        }
    }

    private static let mostProblems = 20

    /// A vendor that does not take messages is no reason to send requests elsewhere: they wait in the store.
    static func vendors(_ dispatcher: Dispatcher, _ apps: AppRegistry) -> ReadinessCheck {
        ReadinessCheck("vendors") {
            var problems: [String] = []
            for app in apps.all where problems.count < mostProblems {
                for lane in dispatcher.lanes where lane.provider.serves(app.number) {
                    if let problem = lane.provider.problem(of: app.number) {
                        problems.append("\(lane.provider.route.rawValue) for \(app.name): \(problem)")
                    }
                }
            }
            return problems.isEmpty ? .fine("none is in trouble") : .warning(problems.joined(separator: "; "))
        }
    }
}
