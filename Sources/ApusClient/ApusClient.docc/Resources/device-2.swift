import ApusClient
import Foundation

@main
struct Device {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard arguments.count == 2 else { fatalError("usage: example-device APP_ID ALIAS") }
        let (appID, alias) = (arguments[1], arguments[2])
        let server = try ServerAddress(ProcessInfo.processInfo.environment["APUS_SERVER"] ?? "http://127.0.0.1:8080")

        // The same native token is the same device, however often it registers.
        let registration = DeviceRegistration(
            appId: appID, alias: alias, platform: .pc, nativeToken: "\(alias)@\(ProcessInfo.processInfo.hostName)")
        let deviceID = try await APIClient(server: server).register(registration)

        let connection = DeviceConnection(server: server, deviceID: deviceID)
        for try await message in connection.messages {
            FileHandle.standardOutput.write(Data("\(message.id) \(message.alert)\n".utf8))
        }
    }
}
