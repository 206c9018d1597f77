import ApusCore

/// What a look at one part of the server found.
package enum ReadinessFinding: Sendable, Equatable {
    case fine(String)
    /// Worth knowing, and no reason to send requests elsewhere.
    case warning(String)
    /// What failed, for everybody; and the file that it is about, for those who may know where things are.
    case failed(code: String, String, file: String? = nil)

    var state: String {
        switch self {
        case .fine: "ok"
        case .warning: "warning"
        case .failed: "failed"
        }
    }

    var detail: String {
        switch self {
        case .fine(let text), .warning(let text), .failed(_, let text, nil): text
        case .failed(_, let text, let file?): "\(text) It is \(file)."
        }
    }
}

/// A part of the server that is looked at.
package struct ReadinessCheck: Sendable {
    package let name: String
    package let look: @Sendable () async -> ReadinessFinding

    package init(_ name: String, look: @escaping @Sendable () async -> ReadinessFinding) {
        self.name = name
        self.look = look
    }
}

/// Whether the server can do its work. However many ask, it looks at most once a second.
package actor Readiness {
    struct Report: Sendable {
        let findings: [(name: String, finding: ReadinessFinding)]

        /// Why no requests should be sent here; nil if they may be.
        var failure: ApusError? {
            for case (_, .failed(let code, let text, _)) in findings {
                return ApusError(.unavailable(retryAfter: 5), code: code, text)
            }
            return nil
        }
    }

    private let time: Duration
    private var checks: [ReadinessCheck] = []
    private var last: (report: Report, at: ContinuousClock.Instant)?
    private var looking: Task<Report, Never>?

    private static let freshness = Duration.seconds(1)

    /// - Parameter time: how long a look may take; after that the part has failed.
    package init(time: Duration = .seconds(3)) {
        self.time = time
    }

    package func add(_ more: [ReadinessCheck]) {
        checks += more
    }

    func report() async -> Report {
        if let last, last.at + Self.freshness > .now { return last.report }
        if let looking { return await looking.value }
        let (checks, time) = (checks, time)
        let task = Task {
            var findings: [(String, ReadinessFinding)] = []
            for check in checks { findings.append((check.name, await Self.look(check, within: time))) }
            return Report(findings: findings)
        }
        looking = task
        let report = await task.value
        looking = nil
        last = (report, .now)
        return report
    }

    /// What does not answer in time is not waited for.
    private static func look(_ check: ReadinessCheck, within time: Duration) async -> ReadinessFinding {
        let (findings, sink) = AsyncStream.makeStream(of: ReadinessFinding.self)
        let look = Task { sink.yield(await check.look()) }
        let timer = Task {
            try await Task.sleep(for: time)
            sink.yield(.failed(code: "\(check.name)_slow", "The check of \(check.name) did not end within \(time)."))
        }
        defer {
            look.cancel()
            timer.cancel()
        }
        for await finding in findings { return finding }
        return .failed(code: "cancelled", "The check was cancelled.")
    }
}
