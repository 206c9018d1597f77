import ApusCore
import ApusTestKit
import Synchronization
import Testing

@Suite("TaskWatch")
struct TaskWatchTests {
    private let app = AppNumber(1)

    private func put(_ count: Int, of provider: ReportingProvider, into fixture: DispatcherFixture) throws {
        try fixture.store.write { transaction in
            for number in 1...count {
                let status = VendorTaskStatus(
                    result: "SUCCESS", status: "", response: "", at: fixture.clock.now.adding(seconds: -60),
                    isFinal: false)
                try transaction.putTask(
                    VendorTask(
                        message: MessageID(Int64(number)), app: app, route: provider.route, platform: .ios,
                        id: String(number), status: status))
            }
        }
    }

    @Test("all jobs are asked for in one round, whatever others answer")
    func all() async throws {
        let provider = ReportingProvider("one")
        try await DispatcherFixture.with(providers: [provider]) { fixture in
            try put(450, of: provider, into: fixture)
            let watch = TaskWatch(fixture.dispatcher)
            watch.begin()
            try await eventually { provider.asked.count == 450 }
            #expect(Set(provider.asked).count == 450)
            // Every second one answered.
            try await eventually {
                try fixture.store.read {
                    try $0.openTasks(of: provider.route, after: nil, before: fixture.clock.now, limit: 1000)
                }.count == 225
            }
        }
    }

    @Test("a vendor that does not answer holds up neither others nor whoever asks")
    func hanging() async throws {
        let (silent, other) = (ReportingProvider("silent", answers: false), ReportingProvider("other"))
        try await DispatcherFixture.with(providers: [silent, other]) { fixture in
            for provider in [silent, other] { try put(3, of: provider, into: fixture) }
            let watch = TaskWatch(fixture.dispatcher)
            watch.begin()
            try await eventually { other.asked.count == 3 && silent.asked.count == 1 }
            // Not asked a second time before it has answered.
            try await eventually {
                watch.begin()
                return other.asked.count > 3
            }
            #expect(silent.asked.count == 1)
            silent.answer()
            try await eventually { silent.asked.count >= 3 }
        }
    }
}

/// A vendor that is asked for jobs: it says of every second that it is done, and nothing of the others.
private final class ReportingProvider: PushProvider {
    private struct State {
        var asked: [String] = []
        var waiting: CheckedContinuation<Void, Never>?
        var answers: Bool
    }

    let route: Route
    private let state: Mutex<State>

    init(_ name: String, answers: Bool = true) {
        route = Route(rawValue: name)
        state = Mutex(State(answers: answers))
    }

    var asked: [String] { state.withLock { $0.asked } }

    func answer() {
        let waiting = state.withLock { state in
            state.answers = true
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume()
    }

    func status(of task: VendorTask) async -> VendorTaskStatus? {
        await withCheckedContinuation { continuation in
            let answers = state.withLock { state in
                state.asked.append(task.id)
                if !state.answers { state.waiting = continuation }
                return state.answers
            }
            if answers { continuation.resume() }
        }
        guard Int(task.id)?.isMultiple(of: 2) ?? false else { return nil }
        var status = task.status
        status.isFinal = true
        return status
    }

    func serves(_ app: AppNumber) -> Bool { true }
    func reaches(_ platform: Platform, _ vendor: Route?) -> Bool { false }
    func submit(_ delivery: VendorDelivery, completion: @escaping @Sendable (VendorOutcome) -> Void) -> Bool { false }
    func problem(of app: AppNumber) -> String? { nil }
    func checked(_ credential: Credential) throws(ApusError) -> Credential { credential }
    func use(_ credentials: [Credential]) async {}
    func shutdown() async {}
}
