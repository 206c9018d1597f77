import ApusClient
import Foundation

// A device: it prints its messages and confirms each once it is printed. Ended at any moment and started again, it gets
// what it has not confirmed, and nothing twice that it has.
//
//     example-device APP_ID ALIAS LOG_FILE

@main
struct Device {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard arguments.count == 3 else { fatalError("usage: example-device APP_ID ALIAS LOG_FILE") }
        let (appID, alias, file) = (arguments[1], arguments[2], arguments[3])
        let server = try ServerAddress(ProcessInfo.processInfo.environment["APUS_SERVER"] ?? "http://127.0.0.1:8080")

        // The same native token is the same device, however often it registers.
        let registration = DeviceRegistration(
            appId: appID, alias: alias, platform: .pc, nativeToken: "\(alias)@\(ProcessInfo.processInfo.hostName)")
        let deviceID = try await APIClient(server: server).register(registration)

        var settings = DeviceConnection.Settings()
        settings.log = try FileMessageLog(url: URL(fileURLWithPath: file))
        let connection = DeviceConnection(server: server, deviceID: deviceID, settings: settings)
        for try await message in connection.messages {
            FileHandle.standardOutput.write(Data("\(message.id) \(message.alert)\n".utf8))
            await connection.confirm(message.id)
        }
    }
}
