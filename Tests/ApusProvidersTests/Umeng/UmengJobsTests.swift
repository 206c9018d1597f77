import ApusCore
import ApusSimulators
import ApusTestKit
import Testing

@testable import ApusProviders

@Suite("UmengJobs", .timeLimit(.minutes(1)))
struct UmengJobsTests {
    private func withJobs(_ body: (UmengFixture, UmengJobs, Message) async throws -> Void) async throws {
        try await UmengFixture.withUmeng(platforms: ["android"]) { fixture in
            let jobs = try #require(UmengJobs(among: [fixture.provider], clock: fixture.clock))
            try await body(fixture, jobs, fixture.deliveries(to: ["x"], on: .android)[0].message)
        }
    }

    @Test("a broadcast is asked for until it is done")
    func broadcast() async throws {
        try await withJobs { _, jobs, message in
            var task = try await jobs.send(message, to: .everyone, on: .android)
            #expect(task.id.hasPrefix("um"))
            #expect(task.status.result == "SUCCESS")
            #expect(!task.status.isFinal)
            var states: [String] = []
            while !task.status.isFinal {
                task.status = try #require(await jobs.status(of: task))
                states.append(task.status.status)
            }
            #expect(states == ["0", "1", "2"])
            #expect(task.status.response.contains(#""sent_count":100"#))
        }
    }

    @Test("the same message is not broadcast twice")
    func once() async throws {
        try await withJobs { fixture, jobs, message in
            let first = try await jobs.send(message, to: .everyone, on: .android)
            #expect(try await jobs.send(message, to: .everyone, on: .android).id == first.id)
            #expect(fixture.simulator.journal.counts.accepted == 1)
        }
    }

    @Test("a job is cancelled once")
    func cancel() async throws {
        try await withJobs { _, jobs, message in
            let filter = JobAudience.filter(#"{"where":{"and":[{"tag":"a"}]}}"#)
            let task = try await jobs.send(message, to: filter, on: .android)
            #expect(task.id.hasPrefix("us"))
            try await jobs.cancel(task)
            #expect(await jobs.status(of: task)?.status == "4")
            #expect(await jobs.status(of: task)?.isFinal == true)
            await #expect(throws: ApusError.self) { try await jobs.cancel(task) }
        }
    }

    @Test("a job for aliases is done when it was taken")
    func aliases() async throws {
        try await withJobs { fixture, jobs, message in
            let task = try await jobs.send(message, to: .aliases(["ann", "bob"], type: "user"), on: .android)
            #expect(task.status.isFinal)
            #expect(fixture.simulator.journal.accepted.first?.targets == ["ann", "bob"])
        }
    }

    @Test("what cannot be done is said")
    func errors() async throws {
        try await withJobs { fixture, jobs, message in
            func code(_ audience: JobAudience, _ platform: Platform = .android) async -> String? {
                do throws(ApusError) {
                    _ = try await jobs.send(message, to: audience, on: platform)
                    return nil
                } catch {
                    return error.code
                }
            }
            #expect(await code(.everyone, .ios) == "unknown_credential")
            #expect(await code(.filter("[]")) == "umeng_filter_invalid")
            #expect(await code(.aliases([], type: "user")) == "umeng_aliases_invalid")
            #expect(await code(.aliases(["a,b"], type: "user")) == "umeng_aliases_invalid")
            fixture.simulator.change { $0.rules = [VendorRule(.code("2050"))] }
            #expect(await code(.everyone) == "umeng.2050")
            #expect(UmengJobs(among: [], clock: fixture.clock) == nil)
        }
    }
}
