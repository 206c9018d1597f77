import ApusCore
import Synchronization
import Testing

@testable import ApusHTTP

@Suite("Readiness")
struct ReadinessTests {
    @Test("the first part that failed says why, and a warning does not")
    func failure() async {
        let readiness = Readiness()
        await readiness.add([
            ReadinessCheck("a") { .fine("well") }, ReadinessCheck("b") { .warning("a vendor") },
            ReadinessCheck("c") { .failed(code: "broken", "It is broken.") },
            ReadinessCheck("d") { .failed(code: "too", "This too.") },
        ])
        let report = await readiness.report()
        #expect(report.failure?.code == "broken" && report.failure?.message == "It is broken.")
        #expect(report.findings.map(\.finding.state) == ["ok", "warning", "failed", "failed"])
    }

    @Test("the file that something is about is in the details, and not in what everybody is told")
    func files() async {
        let readiness = Readiness()
        await readiness.add([
            ReadinessCheck("disk") { .failed(code: "gone", "It is gone.", file: "/var/lib/apus") }
        ])
        let report = await readiness.report()
        #expect(report.failure?.message == "It is gone.")
        #expect(report.findings.map(\.finding.detail) == ["It is gone. It is /var/lib/apus."])
    }

    @Test("what does not answer in time has failed, and holds up nobody")
    func hanging() async {
        let readiness = Readiness(time: .milliseconds(20))
        await readiness.add([
            ReadinessCheck("disk") {
                // Without end, as a disk that hangs; only the test's end cancels it.
                await Self.untilCancelled()
                return .fine("never")
            }
        ])
        #expect(await readiness.report().failure?.code == "disk_slow")
    }

    @Test("however many ask, it looks once")
    func once() async {
        let readiness = Readiness()
        let counting = Looks()
        await readiness.add([
            ReadinessCheck("a") {
                counting.add()
                return .fine("")
            }
        ])
        await withTaskGroup { group in
            for _ in 0..<100 { group.addTask { _ = await readiness.report() } }
        }
        #expect(counting.count == 1)
    }

    private static func untilCancelled() async {
        let (nothing, continuation) = AsyncStream<Void>.makeStream()
        for await _ in nothing {}
        continuation.finish()
    }
}

private final class Looks: Sendable {
    private let looks = Mutex(0)

    var count: Int { looks.withLock { $0 } }

    func add() { looks.withLock { $0 += 1 } }
}
