import ApusClient
import ApusServer
import ArgumentParser
import Foundation

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Send a message to a device in this terminal and watch it arrive.",
        discussion: "Without --server or --token a server is started for the demo, and nothing of it is kept.")

    @Option(help: "The server. (default: APUS_SERVER, else one started for the demo)")
    var server: String?

    @Option(help: "The administrator's token. (default: APUS_ADMIN_TOKEN)")
    var token: String?

    @Option(help: "The PEM file of the authority that an https server's certificate is from. (default: APUS_CA)")
    var ca: String?

    func run() async throws {
        let server = server ?? Environment["APUS_SERVER"]
        let token = token ?? Environment["APUS_ADMIN_TOKEN"]
        if server == nil, token == nil {
            try await runWithOwnServer()
        } else {
            let address = try ServerAddress(
                server ?? "http://127.0.0.1:8080", certificateAuthority: ca ?? Environment["APUS_CA"])
            print("server    \(address)")
            try await Demo(server: address, token: token).run()
        }
    }

    private func runWithOwnServer() async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("apus-demo-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }

        let server = try await ServerMain.startEphemeral(dataDirectory: directory.path)
        let address = try ServerAddress("http://127.0.0.1:\(server.port)")
        print("server    \(address), started for this demo; its data in \(directory.path) is removed at the end")
        let result = await Result { try await Demo(server: address, token: server.adminToken).run() }
        try await server.stop()
        try result.get()
    }
}

extension Result where Success == Void, Failure == any Error {
    fileprivate init(_ body: () async throws -> Void) async {
        do {
            self = .success(try await body())
        } catch {
            self = .failure(error)
        }
    }
}
