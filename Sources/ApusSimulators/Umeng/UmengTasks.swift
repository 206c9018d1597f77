import ApusCore
import Synchronization

/// The tasks of all apps, the files that were uploaded for them, and how many of them there may be.
final class UmengTasks: Sendable {
    private static let fileLimit = 10 * 1024 * 1024

    private struct State {
        var tasks = BoundedTable<String, UmengTask>(limit: 10_000)
        /// How many lines each file has.
        var files = BoundedTable<String, Int>(limit: 1000)
        /// By app and the sender's own number.
        var known = BoundedTable<String, String>(limit: 10_000)
        /// By app and kind of audience.
        var windows: [String: RequestWindow] = [:]
    }

    private let pace: UmengTask.Pace
    private let audience: Int
    private let state = Mutex(State())

    init(pace: UmengTask.Pace, audience: Int) {
        self.pace = pace
        self.audience = audience
    }

    /// - Returns: the task's id, and false if there was one with this number already.
    func add(
        for audience: UmengAudience, _ app: UmengApp, _ policy: UmengPolicy, at now: Timestamp
    ) throws(VendorAnswer) -> (id: String, isNew: Bool) {
        try state.withLock { state throws(VendorAnswer) in
            let number = policy.businessNumber.map { "\(app.appKey) \($0)" }
            if let number, let id = state.known[number] { return (id, false) }
            let (prefix, size, window) = try kind(of: audience, state)
            let name = "\(app.appKey) \(prefix)"
            guard state.windows[name, default: window].take(at: now) else { throw UmengError.answer(2050) }
            let id = prefix + RandomToken.hex128().prefix(20)
            state.tasks[id] = UmengTask(platform: app.platform, audience: size, startsAt: policy.startsAt)
            if let number { state.known[number] = id }
            return (id, true)
        }
    }

    /// - Throws: the refusal; also for the ids of messages, which have no status.
    func status(of id: String, at now: Timestamp) throws(VendorAnswer) -> VendorAnswer {
        try state.withLock { state throws(VendorAnswer) in
            guard var task = state.tasks[id] else { throw UmengError.answer(1014) }
            let status = task.ask(at: now, pace)
            state.tasks[id] = task
            return Self.answer(id, task, status)
        }
    }

    func cancel(_ id: String, at now: Timestamp) throws(VendorAnswer) -> VendorAnswer {
        try state.withLock { state throws(VendorAnswer) in
            guard var task = state.tasks[id] else { throw UmengError.answer(1014) }
            guard task.cancel(at: now, pace) else { throw UmengError.answer(1028) }
            state.tasks[id] = task
            return UmengService.success("task_id", id)
        }
    }

    /// - Parameter content: tokens or aliases, one a line.
    func upload(_ content: String?) throws(VendorAnswer) -> VendorAnswer {
        guard let content, !content.isEmpty, content.utf8.count <= Self.fileLimit else {
            throw UmengError.answer(2029)
        }
        let id = "PF" + RandomToken.hex128().prefix(20)
        state.withLock { $0.files[id] = content.split(separator: "\n").count }
        return UmengService.success("file_id", id)
    }

    private func kind(
        of audience: UmengAudience, _ state: State
    ) throws(VendorAnswer) -> (prefix: String, size: Int, window: RequestWindow) {
        switch audience {
        case .file(let id, let prefix):
            guard let lines = state.files[id] else { throw UmengError.answer(2019) }
            return (prefix, lines, RequestWindow(limit: 300, seconds: 3600))
        case .filter: return ("us", self.audience, RequestWindow(limit: 5, seconds: 60))
        case .everyone, .targets: return ("um", self.audience, RequestWindow(limit: 10, seconds: 86_400))
        }
    }

    private static func answer(_ id: String, _ task: UmengTask, _ status: UmengTask.Status) -> VendorAnswer {
        let sent =
            switch status {
            case .done: task.audience
            case .sending: task.audience / 2
            default: 0
            }
        return .json { object in
            object.member("ret", string: "SUCCESS")
            object.member(
                "data",
                object: { data in
                    data.member("task_id", string: id)
                    data.member("status", int: Int64(status.rawValue))
                    if task.platform == .ios { data.member("total_count", int: Int64(task.audience)) }
                    data.member("sent_count", int: Int64(sent))
                    data.member("open_count", int: 0)
                    if task.platform == .android { data.member("dismiss_count", int: 0) }
                })
        }
    }
}
