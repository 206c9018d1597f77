import ApusCore
import ApusTestKit
import Foundation
import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix
import Testing

@testable import ApusSimulators

/// Faults, and what the simulator tells of what came.
extension APNsSimulatorTests {
    // MARK: Faults

    @Test("a share of the requests is refused before it is processed")
    func refusedStreams() async throws {
        try await withClient({ $0.refusedShare = 0.5 }) { simulator, client in
            let requests = (0..<4).map { _ in (request(), Self.payload) }
            let answers = try await client.send(requests)
            for index in [0, 2] { #expect(try await answers[index].get().status == 200) }
            for index in [1, 3] {
                await #expect(throws: APNsTestClient.Failure.reset(.refusedStream)) { try await answers[index].get() }
            }
            #expect(simulator.journal.counts.refused == 2)
            #expect(simulator.journal.counts.accepted == 2)
        }
    }

    @Test("GOAWAY names the last stream that counts; those before it are answered, the others are not processed")
    func goAway() async throws {
        let settings = { (behaviour: inout APNsBehaviour) in
            behaviour.goAwayEvery = 3
            behaviour.goAwayUnprocessed = 2
            behaviour.goAwayReason = .shutdown
            behaviour.latency = .milliseconds(5)
        }
        try await withClient(settings) { simulator, client in
            let requests = (10..<40).map { (request("\($0)"), Self.payload) }
            let answers = try await client.send(requests)
            #expect(
                try await client.goAway.get()
                    == APNsTestClient.GoAway(lastStream: 5, debugData: #"{"reason":"Shutdown"}"#))
            for answer in answers[..<3] { #expect(try await answer.get().status == 200) }
            for answer in answers[3...] {
                await #expect(throws: APNsTestClient.Failure.unprocessed) { try await answer.get() }
            }
            try await client.closed.get()
            #expect(simulator.journal.accepted.map(\.token) == ["10", "11", "12"])
            #expect(simulator.journal.counts.protocolErrors == 0)
            #expect(simulator.journal.counts.unprocessed == 2)
            #expect(simulator.journal.counts.goAways == 1)
        }
    }

    @Test("requests may be lost before or after they are accepted")
    func lost() async throws {
        try await withClient { simulator, client in
            await simulator.change { $0.droppedShare = 1 }
            var answers = try await client.send([(request("01"), Self.payload)])
            try await eventually { simulator.journal.counts.dropped == 1 }
            await simulator.change {
                $0.droppedShare = 0
                $0.unansweredShare = 1
            }
            answers += try await client.send([(request("02"), Self.payload)])
            try await eventually { simulator.journal.counts.unanswered == 1 }
            await simulator.change { $0.unansweredShare = 0 }
            #expect(try await client.post(request("03"), Self.payload).status == 200)
            #expect(simulator.journal.accepted.map(\.token) == ["02", "03"])
            try await client.close()
            for answer in answers {
                await #expect(throws: APNsTestClient.Failure.closed) { try await answer.get() }
            }
        }
    }

    @Test("a connection is reset after so many requests, the last of which was accepted")
    func resets() async throws {
        try await withClient({ $0.resetEvery = 2 }) { simulator, client in
            let answer = try await client.post(request(), Self.payload)
            #expect(answer.status == 200)
            await #expect(throws: APNsTestClient.Failure.closed) { try await client.post(request(), Self.payload) }
            await #expect(throws: (any Error).self) { try await client.closed.get() }
            #expect(simulator.journal.counts.accepted == 2)
            #expect(simulator.journal.counts.resets == 1)
        }
    }

    @Test("all connections can be ended at any time, in either way")
    func endsConnections() async throws {
        try await withSimulator(configuration()) { simulator in
            let first = try await APNsTestClient.connect(to: simulator)
            await simulator.sendGoAway()
            #expect(try await first.goAway.get().lastStream == .rootStream)
            try await first.closed.get()
            let second = try await APNsTestClient.connect(to: simulator)
            await simulator.resetConnections()
            await #expect(throws: (any Error).self) { try await second.closed.get() }
            try await eventually { simulator.journal.counts.openConnections == 0 }
            #expect(simulator.journal.counts.connections == 2)
        }
    }

    // MARK: What it tells

    @Test("only the last notifications are kept, all are counted, and all are in the file")
    func journal() async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        var configuration = configuration()
        configuration.remembered = 2
        configuration.acceptedFile = "\(directory)/accepted"
        configuration.certificateDirectory = directory
        try await withSimulator(configuration) { simulator in
            let client = try await APNsTestClient.connect(to: simulator)
            for token in ["01", "02", "03"] {
                let headers = request(token, ("apns-id", Self.id), ("apns-expiration", "0"), ("apns-collapse-id", "c"))
                _ = try await client.post(headers, "{\n\"aps\":{}}")
            }
            try await client.close()
            #expect(simulator.journal.accepted.map(\.token) == ["02", "03"])
            #expect(simulator.journal.counts.accepted == 3)
            let lines = try String(contentsOfFile: "\(directory)/accepted", encoding: .utf8).split(separator: "\n")
            #expect(lines.count == 3)
            #expect(
                lines.first == """
                    {"token":"01","id":"\(Self.id)","topic":"com.example.app","pushType":"alert","priority":10,\
                    "expiration":0,"collapseId":"c","acceptedAt":\(clock.now.milliseconds),"payload":{ "aps":{}}}
                    """)
            #expect(try String(contentsOfFile: "\(directory)/ca.pem", encoding: .utf8) == simulator.certificate)
            #expect(try await control(simulator, "GET /accepted").body.split(separator: "\n") == lines.suffix(2))
            simulator.journal.clear()
            #expect(simulator.journal.accepted.isEmpty)
            #expect(simulator.journal.counts.accepted == 0)
        }
    }

    @Test("a file that cannot be written is an error at the start")
    func noFile() async throws {
        var configuration = configuration()
        configuration.acceptedFile = "/nowhere/accepted"
        await #expect(throws: APNsSimulatorError.self) {
            try await APNsSimulator.start(configuration, group: MultiThreadedEventLoopGroup.singleton)
        }
    }

    @Test("the behaviour is read and changed over the control interface, and so is what happened")
    func controlInterface() async throws {
        try await withClient { simulator, client in
            let changed = try await control(simulator, "PUT /control", #"{"resetEvery":3,"latency":1.5}"#)
            #expect(changed.status == "200 OK")
            #expect(simulator.behaviour.resetEvery == 3)
            #expect(simulator.behaviour.latency == .microseconds(1500))
            #expect(try await control(simulator, "GET /control").body == changed.body)
            let wrong = try await control(simulator, "PUT /control", #"{"reset":3}"#)
            #expect(wrong.status == "400 Bad Request")
            #expect(wrong.body == #"{"error":"There is no \"reset\"."}"#)
            #expect(try await control(simulator, "PUT /control", "x").status == "400 Bad Request")
            #expect(try await control(simulator, "GET /").status == "404 Not Found")
            _ = try await client.post(request("xy"), Self.payload)
            #expect(
                try await control(simulator, "GET /counts").body == """
                    {"connections":1,"openConnections":1,"accepted":0,"rejected":{"BadDeviceToken":1},"refused":0,\
                    "dropped":0,"unanswered":0,"unprocessed":0,"goAways":0,"resets":0,"protocolErrors":0,"fileFailures":0}
                    """)
            _ = try await control(simulator, "DELETE /accepted")
            #expect(simulator.journal.counts.rejected.isEmpty)
            _ = try await control(simulator, "POST /goaway")
            #expect(try await client.goAway.get().lastStream == 1)
            _ = try await control(simulator, "POST /reset")
            await #expect(throws: (any Error).self) { try await client.closed.get() }
        }
    }

    /// One request to the control interface.
    private func control(
        _ simulator: APNsSimulator, _ line: String, _ body: String = ""
    ) async throws -> (status: String, body: String) {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: try #require(simulator.controlPort)) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        let text = try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(
                ByteBuffer(
                    string:
                        "\(line) HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
                ))
            var text = ""
            for try await piece in inbound { text += String(buffer: piece) }
            return text
        }
        let end = try #require(text.range(of: "\r\n\r\n"))
        return (String(text.prefix { $0 != "\r\n" }.dropFirst("HTTP/1.1 ".count)), String(text[end.upperBound...]))
    }
}
