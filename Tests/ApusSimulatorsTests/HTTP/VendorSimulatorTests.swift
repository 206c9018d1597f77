import ApusCore
import ApusTestKit
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import ApusSimulators

@Suite("VendorSimulator", .timeLimit(.minutes(1)))
struct VendorSimulatorTests {
    let headers: HTTPHeaders = ["authorization": "Basic \(Base64.encode(Array("key:secret".utf8)))"]
    let push = #"{"platform":"all","audience":{"registration_id":["r1"]},"notification":{"alert":"x"}}"#

    func withSimulator(_ body: (VendorSimulator, HTTPTestClient) async throws -> Void) async throws {
        let simulator = try await VendorSimulator.start(
            JPushService(appKey: "key", masterSecret: "secret"), remembered: 2,
            group: MultiThreadedEventLoopGroup.singleton)
        let client = try await HTTPTestClient.connect(port: simulator.port)
        try await body(simulator, client)
        try? await client.close()
        try await simulator.stop()
    }

    @Test("requests are answered and kept, the last of them")
    func journal() async throws {
        try await withSimulator { simulator, client in
            for _ in 0..<3 { #expect(try await client.send(.POST, "/v3/push", headers, push).status == 200) }
            #expect(try await client.send(.POST, "/v3/push", [:], push).status == 401)
            var counts = VendorJournal.Counts()
            (counts.requests, counts.accepted, counts.targets, counts.refused) = (4, 3, 3, ["1004": 1])
            #expect(simulator.journal.counts == counts)
            #expect(simulator.journal.accepted.map(\.targets) == [["r1"], ["r1"]])
            #expect(simulator.journal.accepted.last?.body == push)

            let shown = try await client.send(.GET, "/control/counts")
            #expect(shown.body == #"{"requests":4,"accepted":3,"targets":3,"refused":{"1004":1},"faults":0}"#)
            let lines = try await client.send(.GET, "/control/accepted").body.split(separator: "\n")
            #expect(lines.count == 2)
            #expect(lines[0].contains(#""path":"/v3/push","targets":["r1"]"#))
            #expect(try await client.send(.DELETE, "/control/accepted").status == 200)
            #expect(simulator.journal.counts == VendorJournal.Counts())
        }
    }

    @Test("the next requests fail as it is demanded over the control interface")
    func demanded() async throws {
        try await withSimulator { simulator, client in
            let demand =
                #"{"rules":[{"status":503,"retryAfter":7,"times":1},{"code":"2003","times":1},{"fault":"garbage","times":1}]}"#
            #expect(try await client.send(.PUT, "/control", [:], demand).status == 200)
            let first = try await client.send(.POST, "/v3/push", headers, push)
            #expect(first.status == 503)
            #expect(first.headers.first(name: "retry-after") == "7")
            #expect(try await client.send(.POST, "/v3/push", headers, push).body.contains(#""code":2003"#))
            let garbage = try await client.send(.POST, "/v3/push", headers, push)
            #expect(garbage.status == 200)
            #expect(garbage.body.hasPrefix("<html>"))
            #expect(try await client.send(.POST, "/v3/push", headers, push).status == 200)
            #expect(simulator.journal.counts.faults == 2)
            #expect(simulator.journal.counts.accepted == 1)
        }
    }

    @Test("wrong demands and unknown control paths are refused with a sentence")
    func wrongControl() async throws {
        try await withSimulator { _, client in
            let wrong = try await client.send(.PUT, "/control", [:], #"{"rules":[{"code":"77"}]}"#)
            #expect(wrong.status == 400)
            #expect(wrong.body == #"{"error":"code must be one of the vendor's error codes."}"#)
            #expect(try await client.send(.PUT, "/control", [:], "{").status == 400)
            #expect(try await client.send(.GET, "/control/x").status == 404)
            #expect(try await client.send(.GET, "/control").body.contains(#"{"prefix":"1011-","code":"1011"}"#))
        }
    }

    @Test("a connection is closed without an answer", arguments: [false, true])
    func closes(_ accepts: Bool) async throws {
        try await withSimulator { simulator, client in
            simulator.change { $0.rules = [VendorRule(.fault(.close), accepts: accepts)] }
            await #expect(throws: (any Error).self) { try await client.send(.POST, "/v3/push", headers, push) }
            #expect(simulator.journal.counts.faults == 1)
            #expect(simulator.journal.counts.accepted == (accepts ? 1 : 0))
        }
    }

    @Test("silence lasts until the connection ends")
    func silence() async throws {
        try await withSimulator { simulator, client in
            simulator.change { $0.rules = [VendorRule(.fault(.silence))] }
            let answer = Task { try await client.send(.POST, "/v3/push", headers, push) }
            try await eventually("the request") { simulator.journal.counts.faults == 1 }
            try await client.close()
            await #expect(throws: (any Error).self) { try await answer.value }
        }
    }

    @Test("answers are as late as it is demanded")
    func latency() async throws {
        try await withSimulator { simulator, client in
            simulator.change { $0.latency = .milliseconds(30) }
            let start = NIODeadline.now()
            let answer = try await client.send(.POST, "/v3/push", headers, push)
            #expect(answer.status == 200)
            #expect(NIODeadline.now() - start >= .milliseconds(30))
        }
    }

    @Test("a body beyond the limit is refused before it is read")
    func tooLong() async throws {
        try await withSimulator { _, client in
            let answer = try await client.send(.POST, "/v3/push", headers, String(repeating: "x", count: 1_048_577))
            #expect(answer.status == 413)
        }
    }
}
