import ApusCore

private enum Statements {
    static let byKey: SQL = """
        SELECT needs_confirmation, state, attempts, route, sent_at, received_at, read_at, end, reason, ended_at
        FROM deliveries WHERE message = ? AND device = ?
        """
    static let updateNew: SQL = """
        UPDATE deliveries SET open = CASE ?1 WHEN 1 THEN needs_confirmation ELSE 0 END, state = ?1, attempts = ?2,
            route = ?3, sent_at = ?4, received_at = ?5, read_at = ?6
        WHERE message = ?7 AND device = ?8 AND state = 0 AND end IS NULL
        """
    static let update: SQL = """
        UPDATE deliveries SET open = ?, state = ?, attempts = ?, route = ?, sent_at = ?, received_at = ?, read_at = ?,
            end = ?, reason = ?, ended_at = ?
        WHERE message = ? AND device = ?
        """
    /// Many rows in one statement cost less than half of what as many statements do.
    static let chunk = 64
    static let insertOne = insert(1)
    static let insertChunk = insert(chunk)
    static let sendChunk: SQL = """
        UPDATE deliveries SET open = needs_confirmation, state = 1, attempts = 1, route = ?1, sent_at = ?2
        WHERE message = ?3 AND device IN (\((0..<chunk).map { "?\($0 + 4)" }.joined(separator: ", ")))
            AND state = 0 AND end IS NULL
        """
    static let savepoint: SQL = "SAVEPOINT chunk"
    static let release: SQL = "RELEASE chunk"
    static let rollBack: SQL = "ROLLBACK TO chunk"

    private static func insert(_ count: Int) -> SQL {
        """
        INSERT INTO deliveries (message, needs_confirmation, device, rule, open, state, attempts)
        VALUES \((0..<count).map { "(?1, ?2, ?\($0 * 2 + 3), ?\($0 * 2 + 4), 1, 0, 0)" }.joined(separator: ", "))
        """
    }

    static let endOfDevice = end("device = ?4 AND open = 1")
    static let endOfEndpoint = end(
        """
        device = ?4 AND open = 1 AND message IN
            (SELECT d.message FROM deliveries d JOIN messages m ON m.id = d.message
            WHERE d.device = ?4 AND d.open = 1 AND m.endpoint = ?5)
        """)
    static let endOfMessage = end(
        "message = ?4 AND device IN (SELECT device FROM deliveries WHERE message = ?4 AND open = 1 LIMIT ?5)")

    private static func end(_ condition: String) -> SQL {
        """
        UPDATE deliveries SET end = ?1, reason = ?2, ended_at = ?3, open = 0 WHERE \(condition)
        RETURNING message, device, route, state
        """
    }

    static let remove: SQL = """
        DELETE FROM deliveries
        WHERE message = ?1 AND device IN (SELECT device FROM deliveries WHERE message = ?1 ORDER BY device LIMIT ?2)
        """
}

/// Some of what is open.
enum OpenDeliveries {
    case ofDevice(DeviceNumber)
    case ofEndpoint(EndpointNumber, DeviceNumber)
    /// At most so many of a message.
    case ofMessage(MessageID, limit: Int)
}

/// Everything that makes, changes or removes deliveries stands here, so that all of it comes into the journal and the
/// counts.
extension SQLiteTransaction {
    func insertDeliveries(of message: Message, to targets: ArraySlice<Target>) throws {
        var rest = targets
        while rest.count >= Statements.chunk {
            try database.run(
                Statements.insertChunk, arguments: [message.id, message.needsConfirmation],
                integers: rest.prefix(Statements.chunk).lazy.flatMap { [$0.device.rawValue, Int64($0.rule)] })
            rest = rest.dropFirst(Statements.chunk)
        }
        for target in rest {
            try database.run(Statements.insertOne, message.id, message.needsConfirmation, target.device, target.rule)
        }
        tally.add(message.id, deliveries: targets.count)
        for target in targets {
            journal.append(StateEvent(.unsent, message.id, target.device, at: message.sentFrom))
            if let lane = target.lane { try putIntoOutbox(of: lane, message.app, message.id, target.device) }
        }
    }

    @discardableResult
    func apply(_ change: DeliveryChange) throws -> Bool {
        if change.sentAt != nil, change.end == nil, try applyToNew(change) { return true }
        guard
            let earlier = try database.first(
                Statements.byKey, change.message, change.device, value: { self.delivery($0) })
        else { return false }
        var delivery = earlier
        var changed = false
        for (event, time) in change.events {
            guard delivery.apply(event, at: time) else { continue }
            changed = true
            if case .sent(let route) = event, delivery.attempts > 1 {
                try append(
                    TrailEntry(at: time, code: "resent", route: route.rawValue), to: change.message, change.device)
            }
        }
        if changed { try update(delivery, from: earlier, of: change.message, to: change.device) }
        return changed
    }

    /// Most deliveries are unsent when they change: what the change makes of an unsent one is written without reading
    /// it first.
    /// - Returns: false if it is not unsent; nothing has been written then.
    private func applyToNew(_ change: DeliveryChange) throws -> Bool {
        let new = Delivery(needsConfirmation: false)
        var delivery = new
        for (event, time) in change.events { delivery.apply(event, at: time) }
        let isNew =
            try database.run(
                Statements.updateNew, delivery.state.rawValue, delivery.attempts, delivery.route?.rawValue,
                delivery.sentAt, delivery.receivedAt, delivery.readAt, change.message, change.device) == 1
        if isNew { note(delivery, from: new, of: change.message, to: change.device) }
        return isNew
    }

    func apply(_ group: SentGroup) throws -> Int {
        var changed = 0
        var rest = group.devices[...]
        while rest.count >= Statements.chunk {
            let devices = rest.prefix(Statements.chunk)
            try database.run(Statements.savepoint)
            let sent = try database.run(
                Statements.sendChunk, arguments: [group.route.rawValue, group.at, group.message],
                integers: devices.lazy.map(\.rawValue))
            if sent == Statements.chunk {
                changed += sent
                tally.move(sent, of: group.message, from: .unsent, to: .sent)
                for device in devices {
                    journal.append(StateEvent(.sent, group.message, device, at: group.at, route: group.route))
                }
            } else {
                // Not all were unsent, so each is looked at on its own.
                try database.run(Statements.rollBack)
                changed += try applyEach(group, devices)
            }
            try database.run(Statements.release)
            rest = rest.dropFirst(Statements.chunk)
        }
        return try changed + applyEach(group, rest)
    }

    private func applyEach(_ group: SentGroup, _ devices: ArraySlice<DeviceNumber>) throws -> Int {
        try devices.reduce(0) { count, device in
            count + (try apply(.sent(group.message, device, group.route, at: group.at)) ? 1 : 0)
        }
    }

    private func update(
        _ delivery: Delivery, from earlier: Delivery, of message: MessageID, to device: DeviceNumber
    ) throws {
        try database.run(
            Statements.update, delivery.isOpen, delivery.state.rawValue, delivery.attempts, delivery.route?.rawValue,
            delivery.sentAt, delivery.receivedAt, delivery.readAt, delivery.end.map { StateEvent.Kind($0).name },
            delivery.end?.reason, delivery.endedAt, message, device)
        note(delivery, from: earlier, of: message, to: device)
    }

    private func note(_ delivery: Delivery, from earlier: Delivery, of message: MessageID, to device: DeviceNumber) {
        journal.append(delivery.events(since: earlier, of: message, to: device))
        tally.move(of: message, from: earlier.state, to: delivery.state, delivery.end)
    }

    /// Ends what is open of many.
    /// - Returns: how many deliveries that were.
    @discardableResult
    func end(_ deliveries: OpenDeliveries, _ end: DeliveryEnd, at now: Timestamp) throws -> Int {
        var count = 0
        let kind = StateEvent.Kind(end)
        let ended = { (row: SQLiteRow) in
            count += 1
            let message = MessageID(row.int(0))
            let state = DeliveryState(rawValue: row.int(3)) ?? .unsent
            journal.append(
                StateEvent(
                    kind, message, DeviceNumber(row.int(1)), at: now,
                    route: row.optionalText(2).map(Route.init(rawValue:)), reason: end.reason))
            tally.move(of: message, from: state, to: state, end)
        }
        switch deliveries {
        case .ofDevice(let device):
            try database.rows(Statements.endOfDevice, kind.name, end.reason, now, device, body: ended)
        case .ofEndpoint(let endpoint, let device):
            try database.rows(Statements.endOfEndpoint, kind.name, end.reason, now, device, endpoint, body: ended)
        case .ofMessage(let message, let limit):
            try database.rows(Statements.endOfMessage, kind.name, end.reason, now, message, limit, body: ended)
        }
        return count
    }

    /// Removes deliveries of a message, up to `limit`.
    /// - Returns: how many there were.
    func removeDeliveries(of message: MessageID, limit: Int) throws -> Int {
        try uncount(message, first: limit)
        return try database.run(Statements.remove, message, limit)
    }
}
