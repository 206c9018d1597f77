import ApusClient
import ArgumentParser
import Foundation

struct ListenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "listen", abstract: "Be a device: print each message and confirm it.",
        discussion: "Name the device, or make one by --register APP_ID ALIAS; the same two give the same device again.")

    @OptionGroup var options: ClientOptions

    @Argument(help: "The device's id.")
    var deviceID: String?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Register this terminal as a device of an app first.", valueName: "app-id alias"))
    var register: [String] = []

    @Flag(help: "Also mark each message as read.")
    var read = false

    func validate() throws {
        guard register.isEmpty || register.count == 2 else {
            throw ValidationError("--register takes two values: the app's id and an alias.")
        }
        guard (deviceID == nil) != register.isEmpty else {
            throw ValidationError("Name a device, or make one by --register APP_ID ALIAS.")
        }
    }

    func run() async throws {
        let server = try options.address()
        let id = try await registeredID()
        let connection = DeviceConnection(server: server, deviceID: id)
        let events = Task { try await report(connection.events, id, server) }
        async let messages: Void = {
            for try await message in connection.messages {
                print(options.json ? message.text : line(message))
                await connection.confirm(message.id)
                if read { await connection.markRead(message.id) }
            }
        }()
        do {
            try await events.value
        } catch {
            await connection.close()
            throw error
        }
        try await messages
    }

    /// The id of the device to be, which is registered first if that is asked for.
    private func registeredID() async throws -> String {
        if let deviceID { return deviceID }
        let token = "terminal:\(register[1])@\(ProcessInfo.processInfo.hostName)"
        let device = DeviceRegistration(appId: register[0], alias: register[1], platform: .pc, nativeToken: token)
        return try await options.client().register(device)
    }

    /// Says on the standard error what happens to the connection. Ends with the connection.
    ///
    /// - Throws: `UnreachableError` if the first attempt to connect fails.
    private func report(_ events: AsyncStream<ConnectionEvent>, _ id: String, _ server: ServerAddress) async throws {
        var wasConnected = false
        for await event in events {
            switch event {
            case .connected:
                wasConnected = true
                printError("Device \(id) listens. Ctrl-C ends it.")
            case .disconnected(let closure):
                guard wasConnected else { throw CommandFailure(unreachable: server, closure) }
                printError("Disconnected: \(closure).")
            case .reconnecting(let delay):
                printError("Trying again in \(delay.formatted(.units(fractionalPart: .show(length: 1)))).")
            case .logFailed(let reason):
                printError("The log cannot be written: \(reason).")
            }
        }
    }

    private func line(_ message: ReceivedMessage) -> String {
        let time = Date.now.formatted(
            Date.ISO8601FormatStyle(timeZone: .current).time(includingFractionalSeconds: false))
        if let recalled = message.recall { return "\(time)  \(recalled)  was taken back" }
        return "\(time)  \(message.id)  \(message.alert)" + (message.extra.map { "  \($0)" } ?? "")
    }
}

extension CommandFailure {
    init(unreachable server: ServerAddress, _ closure: ConnectionClosure) {
        self.init(
            .unreachable,
            "\(server) cannot be reached: \(closure). Start it with `apus serve`, or name another by --server.")
    }
}
