import ApusCore

private enum Statements {
    static let select = "\(SQLiteTransaction.selectDevice) FROM devices d JOIN apps a ON a.id = d.app"
    static let byToken: SQL = "\(select) WHERE d.app = ? AND d.tenant = '' AND d.native_token = ? AND d.active = 1"
    static let setAddress: SQL = "UPDATE devices SET address = ? WHERE id = ?"
    static let byID: SQL = "\(select) WHERE d.public_id = ? AND d.deleted = 0"
    static let isActive: SQL = "SELECT active FROM devices WHERE id = ?"
    static let target: SQL = "SELECT app, id, platform, vendor FROM devices WHERE id = ? AND active = 1"
    static let tags: SQL = "SELECT tag FROM device_tags WHERE device = ? ORDER BY tag"
    static let earlier: SQL = """
        SELECT id, public_id, alias FROM devices WHERE app = ? AND tenant = ? AND native_token = ?
        """
    static let update: SQL = """
        UPDATE devices SET alias = ?, platform = ?, vendor = ?, mobile = ?, language = ?, active = 1, registered_at = ?
        WHERE id = ?
        """
    static let insert: SQL = """
        INSERT INTO devices
            (public_id, app, tenant, alias, platform, native_token, vendor, mobile, language, active, registered_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?)
        """
    static let deleteTags: SQL = "DELETE FROM device_tags WHERE device = ?"
    static let insertTag: SQL = "INSERT OR IGNORE INTO device_tags (app, tag, device) VALUES (?, ?, ?)"
    static let forgetEndpoints: SQL = "DELETE FROM endpoints WHERE device = ?"
    static let deactivate: SQL = "UPDATE devices SET active = 0 WHERE public_id = ?"
    static let aliasAndAccount: SQL = """
        SELECT d.alias, d.app, c.name FROM devices d LEFT JOIN accounts c ON c.device = d.id WHERE d.id = ?
        """
    static let setAlias: SQL = "UPDATE devices SET alias = ? WHERE id = ?"

    static let withAlias = resolve("d.alias = ?4")
    // CROSS JOIN keeps the order: few devices have a tag, many are of an app.
    static let withTag: SQL = """
        SELECT d.id, d.platform, d.vendor FROM device_tags t CROSS JOIN devices d ON d.id = t.device
        WHERE t.app = ?1 AND t.tag = ?4
            AND d.active = 1 AND (d.tenant = '' OR d.tenant = ?2) AND (?3 IS NULL OR d.platform = ?3)
        """
    static let withID = resolve("d.public_id = ?4")
    static let everyone = resolve("?4 = ''")
    static let recipients: SQL = """
        SELECT d.id, d.platform, d.vendor FROM deliveries r CROSS JOIN devices d ON d.id = r.device
        WHERE r.message = CAST(?4 AS INTEGER) AND r.state > 0
            AND d.app = ?1 AND d.active = 1 AND (d.tenant = '' OR d.tenant = ?2) AND (?3 IS NULL OR d.platform = ?3)
        """

    private static func resolve(_ condition: String) -> SQL {
        """
        SELECT d.id, d.platform, d.vendor FROM devices d
        WHERE d.app = ?1 AND d.active = 1 AND (d.tenant = '' OR d.tenant = ?2) AND (?3 IS NULL OR d.platform = ?3)
            AND \(condition)
        """
    }
}

extension SQLiteTransaction {
    static let selectDevice = """
        SELECT d.id, d.public_id, d.app, a.public_id, d.tenant, d.alias, d.platform, d.native_token, d.mobile, d.active,
            d.registered_at, d.vendor, d.language
        """

    /// A row of `selectDevice`, without its tags.
    func device(_ row: SQLiteRow) -> Device {
        Device(
            number: DeviceNumber(row.int(0)), id: row.text(1), app: AppNumber(row.int(2)), appID: row.text(3),
            tenant: row.text(4), alias: row.text(5), platform: Platform(rawValue: row.int(6)) ?? .pc,
            nativeToken: row.text(7), vendor: row.optionalText(11).map(Route.init(rawValue:)),
            mobile: row.optionalText(8), language: row.optionalText(12), tags: [], isActive: row.bool(9),
            registeredAt: row.time(10))
    }

    func tags(of device: DeviceNumber) throws -> [String] {
        var tags: [String] = []
        try database.rows(Statements.tags, device) { tags.append($0.text(0)) }
        return tags
    }

    func device(id: String) throws -> Device? {
        guard var device = try database.first(Statements.byID, id, value: device) else { return nil }
        device.tags = try tags(of: device.number)
        return device
    }

    func device(withToken token: String, of app: AppNumber) throws -> Device? {
        guard var device = try database.first(Statements.byToken, app, token, value: device) else { return nil }
        device.tags = try tags(of: device.number)
        return device
    }

    func setAddress(_ address: String?, of device: DeviceNumber) throws {
        try database.run(Statements.setAddress, address, device)
    }

    func isActive(_ device: DeviceNumber) throws -> Bool {
        try database.first(Statements.isActive, device) { $0.bool(0) } ?? false
    }

    func target(_ device: DeviceNumber) throws -> (AppNumber, Target)? {
        try database.first(Statements.target, device) { (AppNumber($0.int(0)), target($0, at: 1, rule: 0)) }
    }

    func target(_ row: SQLiteRow, at column: Int32, rule: Int) -> Target {
        Target(
            device: DeviceNumber(row.int(column)), platform: Platform(rawValue: row.int(column + 1)) ?? .pc,
            vendor: row.optionalText(column + 2).map(Route.init(rawValue:)), rule: rule)
    }

    func register(_ registration: DeviceRegistration, newID: String, at now: Timestamp) throws -> Device {
        let earlier = try database.first(
            Statements.earlier, registration.app, registration.tenant, registration.nativeToken
        ) { (number: DeviceNumber($0.int(0)), id: $0.text(1), alias: $0.text(2)) }
        if let earlier {
            try database.run(
                Statements.update, registration.alias, registration.platform.rawValue, registration.vendor?.rawValue,
                registration.mobile, registration.language, now, earlier.number)
            // Another user's messages are not for whom holds the device now.
            if !earlier.alias.utf8.elementsEqual(registration.alias.utf8) {
                try end(.ofDevice(earlier.number), .failed("device.reassigned"), at: now)
                try database.run(Statements.forgetEndpoints, earlier.number)
            }
            try database.run(Statements.deleteTags, earlier.number)
        } else {
            try database.run(
                Statements.insert, newID, registration.app, registration.tenant, registration.alias,
                registration.platform.rawValue, registration.nativeToken, registration.vendor?.rawValue,
                registration.mobile, registration.language, now)
        }
        let number = earlier?.number ?? DeviceNumber(database.lastInsertedRow)
        for tag in registration.tags { try database.run(Statements.insertTag, registration.app, tag, number) }
        guard let device = try device(id: earlier?.id ?? newID) else {
            throw ApusError(.internal, code: "device_vanished", "The registered device cannot be read back.")
        }
        return device
    }

    func deviceOrNew(_ registration: DeviceRegistration, newID: String, at now: Timestamp) throws -> Device {
        let earlier = try database.first(
            Statements.earlier, registration.app, registration.tenant, registration.nativeToken
        ) { $0.text(1) }
        if let earlier, let device = try device(id: earlier), device.isActive { return device }
        return try register(registration, newID: newID, at: now)
    }

    func deactivate(deviceID: String, at now: Timestamp) throws -> Device? {
        try database.run(Statements.deactivate, deviceID)
        guard let device = try device(id: deviceID) else { return nil }
        // Who posts to them was told to forget them.
        try database.run(Statements.forgetEndpoints, device.number)
        return device
    }

    func setAlias(_ alias: String, of device: DeviceNumber, at now: Timestamp) throws {
        let earlier = try database.first(Statements.aliasAndAccount, device) {
            (alias: $0.text(0), account: $0.optionalText(2))
        }
        guard let earlier, !earlier.alias.utf8.elementsEqual(alias.utf8) else { return }
        try database.run(Statements.setAlias, alias, device)
        if earlier.alias != earlier.account { try end(.ofDevice(device), .failed("device.reassigned"), at: now) }
    }

    func setTags(_ tags: [String], of device: DeviceNumber) throws {
        guard let app = try database.first(Statements.aliasAndAccount, device, value: { AppNumber($0.int(1)) }) else {
            return
        }
        try database.run(Statements.deleteTags, device)
        for tag in tags { try database.run(Statements.insertTag, app, tag, device) }
    }

    func resolve(_ audience: Audience, app: AppNumber, into targets: inout [Target]) throws {
        let start = targets.count
        switch audience.kind {
        case .alias:
            try resolve(audience, app, Statements.withAlias, each: audience.values, &targets)
        case .tag:
            try resolve(audience, app, Statements.withTag, each: audience.values, &targets)
            if audience.values.count > 1 { removeRepeated(from: start, &targets) }
        case .device:
            try resolve(audience, app, Statements.withID, each: audience.values, &targets)
        case .all:
            try resolve(audience, app, Statements.everyone, each: [""], &targets)
        case .recipients:
            try resolve(audience, app, Statements.recipients, each: audience.values, &targets)
        }
        // In key order, so that the deliveries are appended and not scattered.
        if targets.count - start > 1 { targets[start...].sort { $0.device.rawValue < $1.device.rawValue } }
    }

    private func resolve(
        _ audience: Audience, _ app: AppNumber, _ sql: SQL, each values: [String], _ targets: inout [Target]
    ) throws {
        for (rule, value) in values.enumerated() {
            try database.rows(sql, app, audience.tenant, audience.platform?.rawValue, value) { row in
                targets.append(target(row, at: 0, rule: rule))
            }
        }
    }

    /// A device with several of the tags counts once, by the first.
    private func removeRepeated(from start: Int, _ targets: inout [Target]) {
        var seen = Set<DeviceNumber>()
        let unique = targets[start...].filter { seen.insert($0.device).inserted }
        targets.replaceSubrange(start..., with: unique)
    }
}
