import ApusCore

private enum Statements {
    /// What is linked to a device is of its app, whatever others call their installations.
    static let byUUID: SQL = """
        SELECT s.id FROM sys_devices s
            LEFT JOIN business_devices b ON b.sys_device = s.id LEFT JOIN devices d ON d.id = b.device
        WHERE s.uuid = ? AND (d.app IS NULL OR d.app = ?) ORDER BY s.id DESC LIMIT 1
        """
    static let insertDevice: SQL = """
        INSERT INTO sys_devices
            (name, platform, os, os_version, push_device_token, push_platform, uuid, created_at, updated_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)
        """
    static let updateDevice: SQL = """
        UPDATE sys_devices SET name = ?1, platform = ?2, os = ?3, os_version = ?4, push_device_token = ?5,
            push_platform = ?6, updated_at = ?7
        WHERE id = ?8
        """
    static let endOthers: SQL = """
        UPDATE sys_user_devices SET state = 0, updated_at = ?3
        WHERE device_id = ?1 AND state <> 0 AND user_num IS NOT ?2
        """
    static let endAll: SQL = """
        UPDATE sys_user_devices SET state = 0, updated_at = ?2 WHERE device_id = ?1 AND state <> 0
        """
    static let login: SQL = """
        SELECT id FROM sys_user_devices WHERE device_id = ? AND user_num = ? ORDER BY id DESC LIMIT 1
        """
    static let resumeLogin: SQL = "UPDATE sys_user_devices SET state = 1, updated_at = ? WHERE id = ?"
    static let insertLogin: SQL = """
        INSERT INTO sys_user_devices (user_num, device_id, state, created_at, updated_at) VALUES (?1, ?2, 1, ?3, ?3)
        """
    static let ofLogin: SQL = "SELECT device_id FROM sys_user_devices WHERE id = ? AND user_num = ?"
    static let link: SQL = """
        SELECT b.device, d.public_id, d.native_token, d.app FROM business_devices b JOIN devices d ON d.id = b.device
        WHERE b.sys_device = ?
        """
    static let linkedTo: SQL = "SELECT sys_device FROM business_devices WHERE device = ?"
    static let setLink: SQL = """
        INSERT OR REPLACE INTO business_devices (sys_device, device, push_token, push_platform) VALUES (?, ?, ?, ?)
        """
    static let setToken: SQL = "UPDATE OR IGNORE devices SET native_token = ?, address = NULL WHERE id = ?"
    /// The latest login on each installation that has no device, or one with another token.
    static let unlinked: SQL = """
        SELECT l.user_num, d.uuid, d.name, d.platform, d.os, d.os_version, d.push_device_token, d.push_platform
        FROM sys_user_devices l JOIN sys_devices d ON d.id = l.device_id
            LEFT JOIN business_devices b ON b.sys_device = d.id
        WHERE l.state <> 0 AND l.user_num <> '' AND d.uuid <> '' AND lower(d.platform) IN ('ios', 'android')
            AND (b.device IS NULL OR b.stale = 1 OR b.push_token <> coalesce(d.push_device_token, '')
                OR b.push_platform <> coalesce(d.push_platform, ''))
            AND NOT EXISTS (
                SELECT 1 FROM sys_user_devices n WHERE n.device_id = l.device_id AND n.state <> 0 AND n.id > l.id)
            AND NOT EXISTS (SELECT 1 FROM sys_devices n WHERE n.uuid = d.uuid AND n.id > d.id)
        LIMIT ?
        """
}

/// Who is logged in on which device.
extension SQLiteTransaction {
    func logIn(_ login: DeviceLogin, newID: String, at now: Timestamp) throws -> LoggedIn {
        let sysDevice = try putDevice(login, now)
        let former = try database.first(Statements.link, sysDevice) { row in
            (number: DeviceNumber(row.int(0)), id: row.text(1), token: row.text(2))
        }
        try database.run(Statements.endOthers, sysDevice, login.userNumber, now.sqlText)
        let userDevice = try putLogin(of: login.userNumber, on: sysDevice, now)
        if let former, former.token != login.registration.nativeToken {
            // The installation keeps its device, unless the token is another device's already.
            if try database.run(Statements.setToken, login.registration.nativeToken, former.number) == 0 {
                _ = try deactivate(deviceID: former.id, at: now)
            }
        }
        let device = try register(login.registration, newID: newID, at: now)
        // An app that was installed anew has another uuid and, often, its old token. The link goes first, so that
        // ending the earlier installation's logins does not unregister the device.
        let other = try database.first(Statements.linkedTo, device.number) { $0.int(0) }
        try database.run(Statements.setLink, sysDevice, device.number, login.pushToken, login.pushPlatform)
        if let other, other != sysDevice { try database.run(Statements.endAll, other, now.sqlText) }
        let isAnother = former.map { $0.number != device.number } ?? false
        return LoggedIn(userDevice: userDevice, device: device, former: isAnother ? former?.number : nil)
    }

    private func putDevice(_ login: DeviceLogin, _ now: Timestamp) throws -> Int64 {
        let platform = login.registration.platform.name.lowercased()
        let id = try database.first(Statements.byUUID, login.uuid, login.registration.app) { $0.int(0) }
        guard let id else {
            try database.run(
                Statements.insertDevice, login.name, platform, login.os, login.osVersion, login.pushToken,
                login.pushPlatform, login.uuid, now.sqlText)
            return database.lastInsertedRow
        }
        try database.run(
            Statements.updateDevice, login.name, platform, login.os, login.osVersion, login.pushToken,
            login.pushPlatform, now.sqlText, id)
        return id
    }

    private func putLogin(of user: String, on sysDevice: Int64, _ now: Timestamp) throws -> Int64 {
        if let id = try database.first(Statements.login, sysDevice, user, value: { $0.int(0) }) {
            try database.run(Statements.resumeLogin, now.sqlText, id)
            return id
        }
        try database.run(Statements.insertLogin, user, sysDevice, now.sqlText)
        return database.lastInsertedRow
    }

    func logOut(
        _ userDevice: Int64, of user: String, for app: AppNumber, at now: Timestamp
    ) throws -> [DeviceNumber]? {
        guard let sysDevice = try database.first(Statements.ofLogin, userDevice, user, value: { $0.int(0) }) else {
            return nil
        }
        let device = try database.first(Statements.link, sysDevice) {
            (number: DeviceNumber($0.int(0)), id: $0.text(1), app: AppNumber($0.int(3)))
        }
        if let device, device.app != app { return nil }
        try database.run(Statements.endAll, sysDevice, now.sqlText)
        guard let device else { return [] }
        _ = try deactivate(deviceID: device.id, at: now)
        return [device.number]
    }

    func unlinkedLogins(app: AppNumber, limit: Int) throws -> [DeviceLogin] {
        var logins: [DeviceLogin] = []
        try database.rows(Statements.unlinked, limit) { row in
            logins.append(
                DeviceLogin(
                    userNumber: row.text(0), uuid: row.text(1), name: row.text(2),
                    platform: Platform(name: row.text(3).uppercased()) ?? .android, os: row.text(4),
                    osVersion: row.text(5), pushToken: row.text(6), pushPlatform: row.text(7), app: app))
        }
        return logins
    }
}
