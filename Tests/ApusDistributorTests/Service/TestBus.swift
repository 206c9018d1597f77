import ApusCore
import Foundation
import Synchronization
import Testing

@testable import ApusDistributor

/// A bus of the test's own, which ends with it.
final class TestBus: Sendable {
    private let daemon: Int32
    private let files = TemporaryFile("bus")
    let address: String

    init() throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address=1",
            "--address=unix:path=" + files.path,
        ]
        // It is to start no program of this machine.
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["XDG_DATA_HOME": files.directory, "XDG_DATA_DIRS": files.directory]) { $1 }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        daemon = process.processIdentifier
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        address = try #require(line.split(separator: "\n").first.map(String.init), "dbus-daemon did not start")
    }

    deinit {
        // Foundation starts programs with signals blocked, so that a gentler one is not heard.
        kill(daemon, SIGKILL)
    }
}

/// An application on the bus. It answers what is to be answered.
final class TestApplication: Sendable {
    let connection: DBusConnection
    let calls: Calls
    private let name: BusName

    final class Calls: Sendable {
        private let list = Mutex<[DBusMessage]>([])

        var all: [DBusMessage] { list.withLock { $0 } }

        func add(_ call: DBusMessage) { list.withLock { $0.append(call) } }

        func arguments(of member: String) -> [[DBusValue]] {
            all.filter { $0.member == member }.map(\.arguments)
        }
    }

    init(_ name: String, on bus: TestBus) throws {
        let calls = Calls()
        self.calls = calls
        self.name = try #require(BusName(name))
        let connection = try DBusConnection.open(bus.address)
        self.connection = connection
        try connection.own(self.name)
        connection.start(
            receive: { message in
                guard message.kind == .call else { return }
                calls.add(message)
                if message.expectsReply { connection.send(message.answer([.dictionary([:])])) }
            },
            end: {})
    }

    deinit {
        connection.close()
    }

    func call(
        _ interface: String, _ member: String, _ arguments: [DBusValue], path: String = DistributorObject.path
    ) async -> DBusMessage {
        await connection.answer(to: .call(.distributor, path: path, interface: interface, member, arguments))
    }

    func register(_ token: String) async -> DBusMessage {
        await call(
            "org.unifiedpush.Distributor2", "Register",
            [.dictionary(["service": .string(name.text), "token": .string(token)])])
    }
}

extension DBusConnection {
    func answer(to call: DBusMessage) async -> DBusMessage {
        await withCheckedContinuation { continuation in
            self.call(call, within: .seconds(10)) { continuation.resume(returning: $0) }
        }
    }
}
