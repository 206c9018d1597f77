import ApusTestKit
import Foundation
import Testing

@testable import ApusXMPP

@Suite("Sessions, random input")
struct SessionFuzzTests {
    /// How long to go on, in seconds, if not for a fixed number of streams.
    private static let seconds = ProcessInfo.processInfo.environment["APUS_FUZZ_SECONDS"].flatMap { Int($0) }

    @Test("whatever devices send, however it is cut and answered, each stream keeps to the rules and ends")
    func streams() {
        let pool = ParserPool()
        var suspended: [String: SuspendedStream] = [:]
        let deadline = ContinuousClock.now + .seconds(Self.seconds ?? 0)
        var (streams, bytes) = (0, 0)
        while Self.seconds == nil ? streams < 1_000 : ContinuousClock.now < deadline {
            var stream = FuzzedStream(seed: UInt64(streams), pool: pool)
            do { try stream.run(&suspended) } catch { Issue.record(error, "stream \(streams)") }
            streams += 1
            bytes += stream.byteCount
        }
        #expect(pool.count <= 16 && suspended.count <= 20)
        if Self.seconds != nil { print("\(streams) streams, \(bytes) bytes") }
    }
}
