import ApusClient
import Foundation

// What the server answers, as far as commands show it.

struct AppAnswer: Decodable {
    let id: String
    let name: String
    let appKey: String
    let oldKeyUntil: String?
}

struct AppListAnswer: Decodable {
    struct App: Decodable {
        let id: String
        let name: String
        let createdAt: String?
        let oldKeyUntil: String?
    }

    let apps: [App]
}

struct DeviceAnswer: Decodable {
    let id: String
    let appId: String
    let alias: String
    let tenantCode: String?
    let platform: String
    let mobile: String?
    let language: String?
    let tags: [String]?
    let active: Bool
    let connected: Bool
    let registeredAt: String?

    var presence: String { active ? (connected ? "connected" : "offline") : "unregistered" }

    var text: String {
        var table = TextTable()
        table.add("id", id)
        table.add("app", appId)
        table.add("alias", alias)
        table.add("tenant", tenantCode ?? "")
        table.add("platform", platform)
        table.add("mobile", mobile ?? "")
        table.add("language", language ?? "")
        table.add("tags", (tags ?? []).joined(separator: ", "))
        table.add("presence", presence)
        table.add("registered", registeredAt ?? "")
        return table.text
    }
}

struct DeviceListAnswer: Decodable {
    let devices: [DeviceAnswer]
    let next: String?
}

struct AccountAnswer: Decodable {
    let name: String
    let password: String?
    let appId: String
    let deviceId: String
    let alias: String
    let connected: Bool
}

struct AccountListAnswer: Decodable {
    let accounts: [AccountAnswer]
    let next: String?
}

struct PasswordAnswer: Decodable {
    let name: String
    let password: String?
}

struct CredentialAnswer: Decodable {
    let appId: String
    let provider: String
    let name: String
    let settings: [String: String]
    let createdAt: String

    var text: String {
        var table = TextTable()
        table.add("app", appId)
        table.add("provider", provider)
        table.add("name", name)
        for (name, value) in settings.sorted(by: { $0.key < $1.key }) { table.add(name, value) }
        return table.text
    }
}

struct CredentialListAnswer: Decodable {
    let credentials: [CredentialAnswer]
}

struct ProviderTestAnswer: Decodable {
    let accepted: Bool
    let code: String
    let detail: String
}

extension DeliveryExplanation {
    /// One line for each step, and one for what comes next.
    var text: String {
        var table = TextTable()
        for step in steps { table.add(step.at?.text ?? "", step.code, step.text) }
        table.add(next.at?.text ?? "", "next", next.text)
        return "Message \(messageId)\(deviceId.map { " for device \($0)" } ?? ""): \(state)\n\n" + table.text
    }
}

extension Date {
    /// As the server writes it: RFC 3339 with milliseconds.
    var text: String {
        // The format cuts off what it should round.
        addingTimeInterval(0.0005).formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}

struct MessageListAnswer: Decodable {
    struct Message: Decodable {
        let id: String
        let appId: String
        let state: String
        let createdAt: Date
        let sendAt: Date?
        let title: String?
        let alert: String
        let recall: String?
    }

    let messages: [Message]
    let next: String?
}
