import ApusClient
import Foundation
import Testing

@Suite("A device's connection", .timeLimit(.minutes(1)))
struct DeviceConnectionTests {
    private static let hello =
        #"{"id":"7","appId":"a","title":"T","alert":"Hi","uri":"app:7","extra":{"n":1},"needConfirm":true}"#

    /// Connects a device to a server whose connections the test plays.
    private func withDevice(
        heartbeat: Duration = .seconds(30), log: (any MessageLog)? = nil,
        _ body: (DeviceConnection, Connections) async throws -> Void
    ) async throws {
        let server = try await WebSocketTestServer.start()
        var settings = DeviceConnection.Settings()
        settings.heartbeat = heartbeat
        settings.log = log
        settings.reconnectDelay = .milliseconds(1) ... .milliseconds(2)
        let device = DeviceConnection(
            server: try ServerAddress("http://127.0.0.1:\(server.port)"), deviceID: "d 1", settings: settings)
        try await body(device, server.connections)
        await device.close()
        try await server.stop()
    }

    @Test("it names its device, receives a message, and confirms it")
    func receives() async throws {
        try await withDevice { device, connections in
            let connection = try await connections.next()
            #expect(connection.uri == "/msgpush.ws?deviceId=d%201")
            try await connection.play { server in
                try await server.send(Self.hello)
                var messages = device.messages.makeAsyncIterator()
                let message = try #require(try await messages.next())
                #expect(message.id == "7")
                #expect((message.title, message.alert, message.uri) == ("T", "Hi", "app:7"))
                #expect(message.extra == ["n": 1])
                #expect(message.text == Self.hello)
                await device.confirm(message.id)
                #expect(try await server.receive() == "CFM:7")
                await device.markRead(message.id)
                #expect(try await server.receive() == "READ:7")
            }
        }
    }

    @Test("a message that is sent again is confirmed again and not handed out again")
    func duplicates() async throws {
        try await withDevice { device, connections in
            try await connections.next().play { server in
                var messages = device.messages.makeAsyncIterator()
                try await server.send(Self.hello)
                #expect(try await messages.next()?.id == "7")
                await device.confirm("7")
                #expect(try await server.receive() == "CFM:7")

                try await server.send(Self.hello)
                #expect(try await server.receive() == "CFM:7")
                try await server.send(#"{"id":"8","appId":"a","alert":"Ho"}"#)
                #expect(try await messages.next()?.id == "8")
            }
        }
    }

    @Test("it connects again after the server stops, and then sends the receipts that it owes")
    func reconnects() async throws {
        try await withDevice { device, connections in
            var events = device.events.makeAsyncIterator()
            try await connections.next().play { server in
                try await server.close(1001, "stopping")
                #expect(try await server.receive() == "close 1001")
            }
            #expect(await events.next() == .connected)
            guard case .disconnected(let closure) = await events.next() else {
                Issue.record("no event tells of the end")
                return
            }
            #expect(closure.isServerStopping)
            #expect(closure.reason == "stopping")
            await device.markRead("6")
            try await connections.next().play { server in
                let receipt = try await server.receive()
                #expect(receipt == "READ:6")
            }
        }
    }

    @Test("with a log, a new process hands out what was not confirmed and repeats what was")
    func log() async throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("apus-\(UUID().uuidString).log")
        defer { try? FileManager.default.removeItem(at: url) }
        let other = #"{"id":"8","appId":"a","alert":"Ho","needConfirm":true}"#
        try await withDevice(log: try FileMessageLog(url: url)) { device, connections in
            try await connections.next().play { server in
                try await server.send(Self.hello)
                try await server.send(other)
                var messages = device.messages.makeAsyncIterator()
                #expect(try await messages.next()?.id == "7")
                #expect(try await messages.next()?.id == "8")
                await device.confirm("7")
                await device.markRead("7")
            }
        }
        try await withDevice(log: try FileMessageLog(url: url)) { device, connections in
            try await connections.next().play { server in
                #expect(try await server.receive() == "CFM:7")
                #expect(try await server.receive() == "READ:7")
                try await server.send(Self.hello)
                #expect(try await server.receive() == "CFM:7")
                #expect(try await server.receive() == "READ:7")
                try await server.send(other)
                var messages = device.messages.makeAsyncIterator()
                #expect(try await messages.next()?.id == "8")
            }
        }
        // The server has answered a heartbeat behind the receipts, so nothing is owed any more.
        try await withDevice(log: try FileMessageLog(url: url)) { device, connections in
            try await connections.next().play { server in
                await device.confirm("9")
                let receipt = try await server.receive()
                #expect(receipt == "CFM:9")
            }
        }
    }

    @Test("a log that cannot be written stops no receipt")
    func failingLog() async throws {
        struct Failure: Error {}
        struct FailingLog: MessageLog {
            let entries: [MessageLogEntry] = []
            func note(_ entry: MessageLogEntry) throws { throw Failure() }
        }
        try await withDevice(log: FailingLog()) { device, connections in
            var events = device.events.makeAsyncIterator()
            try await connections.next().play { server in
                #expect(await events.next() == .connected)
                await device.confirm("7")
                let receipt = try await server.receive()
                #expect(receipt == "CFM:7")
                #expect(await events.next() == .logFailed(reason: "Failure()"))
            }
        }
    }

    @Test(
        "it ends when the server says that there is no point",
        arguments: [
            (4404, DeviceConnectionError.unknownDevice(reason: "why")), (4409, .replaced(reason: "why")),
        ])
    func ends(code: Int, error: DeviceConnectionError) async throws {
        try await withDevice { device, connections in
            try await connections.next().play { server in
                try await server.close(code, "why")
                let answer = try await server.receive()
                #expect(answer == "close \(code)")
            }
            await #expect(throws: error) {
                for try await _ in device.messages {}
            }
        }
    }

    @Test("it answers pings")
    func pings() async throws {
        try await withDevice { _, connections in
            try await connections.next().play { server in
                try await server.ping("there?")
                #expect(try await server.receive() == "pong there?")
            }
        }
    }

    @Test("a server that answers no heartbeat is left")
    func silence() async throws {
        try await withDevice(heartbeat: .milliseconds(5)) { device, connections in
            _ = try await connections.next()
            try await connections.next().play { _ in }
        }
    }

    @Test("many receipts that are owed go in several frames")
    func manyReceipts() async throws {
        try await withDevice { device, connections in
            try await connections.next().play { _ in }
            let ids = (1...250).map { "376501028544472\($0)" }
            for id in ids { await device.markRead(id) }
            try await connections.next().play { server in
                var heard: [Substring] = []
                while heard.count < ids.count, let frame = try await server.receive() {
                    #expect(frame.utf8.count < 4096)
                    heard += frame.dropFirst("READ:".count).split(separator: ",")
                }
                #expect(Set(heard) == Set(ids.map { $0[...] }))
            }
        }
    }

    @Test("it ends when it is released, also while nobody takes its messages")
    func released() async throws {
        let server = try await WebSocketTestServer.start()
        var settings = DeviceConnection.Settings()
        settings.buffered = 1
        let address = try ServerAddress("http://127.0.0.1:\(server.port)")
        var device: DeviceConnection? = DeviceConnection(server: address, deviceID: "d", settings: settings)
        try await server.connections.next().play { server in
            try await server.ping("there?")
            try await server.send(Self.hello)
            #expect(try await server.receive() == "pong there?")
            #expect(device != nil)
            device = nil
            while try await server.receive() != nil {}
        }
        try await server.stop()
    }

    @Test("closing it says goodbye and ends its messages")
    func closes() async throws {
        try await withDevice { device, connections in
            var events = device.events.makeAsyncIterator()
            #expect(await events.next() == .connected)
            try await connections.next().play { server in
                async let end: Void = device.close()
                #expect(try await server.receive() == "close 1000")
                await end
                for try await _ in device.messages { Issue.record("a message after the end") }
            }
        }
    }
}
