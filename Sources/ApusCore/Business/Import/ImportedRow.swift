/// The seed's own tables (seed 004).
package enum BusinessTable: String, Sendable, CaseIterable {
    case users = "sys_users"
    case devices = "sys_devices"
    case userDevices = "sys_user_devices"
    case pushMessages = "sys_push_messages"
    case messageCentre = "sys_message_center"

    package var columns: [String] {
        switch self {
        case .users:
            [
                "id", "user_name", "user_num", "user_pass", "email", "mobile", "tel", "join_date", "position",
                "dept_id", "dept_name", "active_flag", "create_user", "update_user", "memo", "load_time",
                "last_login_at", "last_login_ip", "last_login_browser", "sign_in_count", "last_login_version",
                "access_token", "store_ids", "coordinate", "coordinate_location", "created_at", "updated_at",
            ]
        case .devices:
            [
                "id", "name", "platform", "os", "os_version", "uuid", "push_device_token", "alias", "push_platform",
                "created_at", "updated_at",
            ]
        case .userDevices:
            [
                "id", "user_num", "device_id", "state", "screen_lock_state", "screen_lock_type", "screen_lock",
                "created_at", "updated_at",
            ]
        case .pushMessages:
            [
                "id", "title", "content", "extra_params_string", "push_type", "ios_device_tokens",
                "android_device_tokens", "ios_task_id", "ios_ret", "ios_status", "ios_response", "ios_timestamp",
                "is_send_ios", "android_task_id", "android_ret", "android_status", "android_response",
                "android_timestamp", "is_send_android", "created_at", "updated_at",
            ]
        case .messageCentre:
            [
                "id", "title", "content", "extra_params_string", "notify_mode", "notify_level", "receivers",
                "send_state", "send_result", "remark", "created_at", "updated_at",
            ]
        }
    }

    /// What tells a row of this table from any other, beside its id.
    package var key: [String] {
        switch self {
        case .users: ["user_num"]
        case .devices: ["uuid"]
        case .userDevices: ["user_num", "device_id"]
        case .pushMessages: ["created_at", "title"]
        case .messageCentre: ["created_at", "title"]
        }
    }
}

/// A row as a dump has it.
package struct ImportedRow: Sendable, Equatable {
    package enum Outcome: Sendable, Equatable {
        case taken
        case alreadyThere
        case refused(reason: String)
    }

    package let table: BusinessTable
    /// By column; a column that is not there keeps its default, nil is NULL.
    package var values: [String: String?]

    package init(table: BusinessTable, values: [String: String?]) {
        self.table = table
        self.values = values
    }

    package subscript(column: String) -> String? { values[column] ?? nil }

    private static let integers: Set<String> = [
        "id", "dept_id", "active_flag", "create_user", "update_user", "sign_in_count", "device_id", "state",
        "screen_lock_state", "is_send_ios", "is_send_android", "notify_level", "send_state",
    ]

    private var required: [String] {
        switch table {
        case .users: ["user_name", "user_num", "user_pass"]
        case .messageCentre: ["content", "receivers"]
        case .devices, .userDevices, .pushMessages: []
        }
    }

    /// Why it cannot be taken; nil if it can.
    package var problem: String? {
        for column in required where self[column] == nil { return "\(column) is missing" }
        for column in values.keys.sorted() where Self.integers.contains(column) {
            if let text = self[column], Int64(text) == nil { return "\(column) is no whole number: \(text.prefix(20))" }
        }
        return nil
    }

    /// No access token of another system is good for anything here.
    package var withoutToken: ImportedRow {
        guard table == .users else { return self }
        var row = self
        row.values["access_token"] = ""
        return row
    }

    /// As Apus keeps it: no password and no access token in clear, nothing that would be sent at once.
    /// - Parameter sendsWaiting: whether rows of the message centre that wait are acted on.
    package func prepared(sendsWaiting: Bool) -> ImportedRow {
        var row = withoutToken
        switch table {
        case .users:
            if let password = row["user_pass"], !password.isEmpty, PasswordHash(password) == nil {
                row.values["user_pass"] = PasswordHash(of: password).text
            }
        case .messageCentre where !sendsWaiting && row["send_state"].map { $0 == "0" } ?? true:
            row.values["send_state"] = String(CentreRow.State.failed.rawValue)
            row.values["send_result"] = "not sent: it was waiting when it was imported"
            row.values["remark"] = "Set send_state to 0 to send it."
        default:
            break
        }
        return row
    }
}
