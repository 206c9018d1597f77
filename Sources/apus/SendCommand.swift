import ApusClient
import ArgumentParser
import Foundation

struct SendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send", abstract: "Send a message.",
        discussion: "Name whom it is for: --alias, --tag or --device (each may be repeated), or --all.")

    @OptionGroup var options: ClientOptions

    @Option(help: "The app's id.")
    var app: String

    @Option(help: "The app's key. (default: APUS_APP_KEY)")
    var key: String?

    @Option(help: "The devices with this alias.")
    var alias: [String] = []

    @Option(help: "The devices with this tag.")
    var tag: [String] = []

    @Option(help: "This device, by its id.")
    var device: [String] = []

    @Flag(help: "Every active device of the app.")
    var all = false

    @Argument(help: "The text that is shown.")
    var alert: String

    @Option(help: "A headline above it.")
    var title: String?

    @Option(help: "What the device opens when its user taps the message.")
    var uri: String?

    @Option(help: "Data for the app, any JSON.", transform: SendCommand.json)
    var extra: JSONValue?

    @Flag(help: "Send it again until the device confirms it.")
    var confirm = false

    @Option(
        help: """
            What is done until somebody confirms it, as in '[{"after":60,"via":"sms"},{"after":300,"to":["boss"]}]'.
            """,
        transform: SendCommand.steps)
    var escalate: [EscalationStep]?

    @Option(help: "What goes out as SMS to whom the message does not reach.")
    var sms: String?

    @Option(help: "For how many seconds it may wait for its devices.")
    var duration: Int?

    @Option(help: "When to send it, as in 2026-12-01T08:00:00+01:00.")
    var at: String?

    @Option(help: "1 to 10, or very-low, low, normal or high.")
    var priority: String?

    @Option(help: "It takes the place of what is undelivered with the same key.")
    var collapseKey: String?

    @Option(help: "Only devices of this tenant.")
    var tenant: String?

    @Option(help: "Only devices of this platform: ANDROID, IOS, PC or WEB.", transform: SendCommand.platform)
    var platform: Platform?

    func validate() throws {
        let kinds = [!alias.isEmpty, !tag.isEmpty, !device.isEmpty, all].count { $0 }
        guard kinds == 1 else {
            throw ValidationError("Name whom it is for by one of --alias, --tag, --device and --all.")
        }
        if let duration, duration < 0 { throw ValidationError("--duration must not be below 0.") }
        guard key ?? Environment["APUS_APP_KEY"] != nil else {
            throw ValidationError("Give the app's key by --key or APUS_APP_KEY.")
        }
    }

    func run() async throws {
        var message = OutgoingMessage(alert: alert)
        message.title = title
        message.uri = uri
        message.extra = extra
        message.needConfirm = confirm
        message.escalate = escalate
        message.smsMessage = sms
        message.duration = duration
        message.sendAt = at
        message.priority = priority
        message.collapseKey = collapseKey
        message.tenantCode = tenant
        message.platform = platform
        // Who waits at a terminal wants to know at once.
        var settings = Sender.Settings()
        settings.retryTime = .zero
        let appKey = key ?? Environment["APUS_APP_KEY"] ?? ""
        let sender = Sender(server: try options.address(), appID: app, appKey: appKey, settings: settings)
        let id = try await sender.send(message, to: audience)
        print(options.json ? "{\"requestId\":\(JSONValue.string(id))}" : "Accepted as message \(id).")
    }

    private var audience: Audience {
        if all { return .everyone }
        if !alias.isEmpty { return .aliases(alias) }
        return tag.isEmpty ? .devices(device) : .tags(tag)
    }

    private static func steps(_ text: String) throws -> [EscalationStep] {
        do {
            return try JSONDecoder().decode([EscalationStep].self, from: Data(text.utf8))
        } catch {
            throw ValidationError(
                "It is no list of steps, each with after (seconds), and via (sms, email, vendor) or to (aliases).")
        }
    }

    static func json(_ text: String) throws -> JSONValue {
        do {
            // JSONDecoder does not say what is wrong, and where.
            _ = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
            return try JSONValue(json: text)
        } catch {
            let reason = (error as NSError).userInfo["NSDebugDescription"] as? String ?? "\(error)"
            throw ValidationError("It is not JSON: \(reason) A text needs quotes, as in --extra '\"text\"'.")
        }
    }

    private static func platform(_ text: String) throws -> Platform {
        guard let platform = Platform(rawValue: text.uppercased()) else {
            throw ValidationError("\(text) is not a platform; it must be ANDROID, IOS, PC or WEB.")
        }
        return platform
    }
}
