import ApusCore
import NIOCore

private enum Statements {
    static let probe: SQL = "PRAGMA user_version = 1"
    static let rowAhead: SQL =
        "SELECT message FROM deliveries NOT INDEXED WHERE message >= ? ORDER BY message LIMIT 1 OFFSET ?"
    static let oldestUnsent: SQL = """
        SELECT message FROM deliveries NOT INDEXED WHERE message BETWEEN ? AND ? AND open = 1 AND state = 0
        ORDER BY message LIMIT 1
        """
    static let last: SQL = "SELECT max(coalesce((SELECT max(id) FROM messages), 0), (SELECT last FROM purged))"
    static let byKey: SQL = "SELECT message FROM idempotency WHERE app = ? AND tenant = ? AND key = ? AND at > ?"
    static let remember: SQL = """
        INSERT OR REPLACE INTO idempotency (app, tenant, key, message, at) VALUES (?, ?, ?, ?, ?)
        """
    static let insert: SQL = """
        INSERT INTO messages
            (id, app, tenant, kind, alert, extra, sound, badge, listen_flag, sender, sender_device, sms_message,
            needs_confirmation, expires_at, audience_kind, audience, platform, title, uri,
            sender_address, apns, endpoint, registration, data, urgency, topic, variants, recalls, send_at, waiting,
            accepted_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    static let byID: SQL = "\(SQLiteTransaction.selectMessage) WHERE m.id = ?"
}

extension SQLiteTransaction {
    static let messageColumns = """
        m.id, m.app, a.public_id, m.tenant, m.kind, m.alert, m.extra, m.sound, m.badge, m.listen_flag, m.sender,
        m.sender_device, m.sms_message, m.needs_confirmation, m.expires_at, m.title, m.uri,
        m.sender_address, m.apns, m.endpoint, m.registration, m.data, m.urgency, m.topic, m.variants, m.recalls, m.send_at,
        m.accepted_at
        """
    /// How many columns these are: where those behind them begin.
    static let messageColumnCount: Int32 = 28

    static let selectMessage = """
        SELECT \(messageColumns), m.audience_kind, m.audience, m.platform, m.waiting, m.cancelled_at
        FROM messages m JOIN apps a ON a.id = m.app
        """

    func message(_ row: SQLiteRow) -> Message {
        Message(
            id: MessageID(row.int(0)), app: AppNumber(row.int(1)), appID: row.text(2), tenant: row.text(3),
            content: MessageContent(
                kind: MessageContent.Kind(rawValue: row.int(4)) ?? .message, title: row.optionalText(15),
                alert: row.text(5), uri: row.optionalText(16), extra: row.optionalText(6), sound: row.optionalText(7),
                badge: row.optionalInt(8),
                listenFlag: row.optionalText(9), sender: row.optionalText(10), senderDevice: row.optionalText(11),
                senderAddress: row.optionalText(17),
                smsMessage: row.optionalText(12), apns: row.optionalText(18),
                urgency: row.optionalInt(22).flatMap(Urgency.init(rawValue:)), collapseKey: row.optionalText(23),
                variants: row.optionalText(24).flatMap { try? MessageVariants(json: $0) },
                recalls: row.optionalInt(25).map { MessageID($0) }, push: push(row)),
            needsConfirmation: row.bool(13), acceptedAt: row.optionalTime(27), expiresAt: row.time(14),
            sendAt: row.optionalTime(26))
    }

    private func push(_ row: SQLiteRow) -> EndpointPush? {
        row.optionalInt(19).map { endpoint in
            EndpointPush(
                endpoint: EndpointNumber(endpoint), registration: row.text(20), data: row.blob(21))
        }
    }

    func probe() throws {
        // The application's own number in the file's head; nobody reads it.
        try database.run(Statements.probe)
    }

    func oldestUnsent(from message: MessageID, rows: Int) throws -> UnsentSearch {
        var end: MessageID?
        try database.rows(Statements.rowAhead, message, rows) { end = MessageID($0.int(0)) }
        var found: MessageID?
        try database.rows(Statements.oldestUnsent, message, end ?? MessageID(Int64.max)) {
            found = MessageID($0.int(0))
        }
        if let found { return .found(found) }
        // All deliveries of the last message were looked at.
        let last = try end ?? max(message, lastMessage())
        return .none(before: MessageID(last.rawValue + 1), isEnd: end == nil)
    }

    func lastMessage() throws -> MessageID {
        try database.first(Statements.last) { MessageID($0.int(0)) } ?? .zero
    }

    func message(
        withIdempotencyKey key: String, app: AppNumber, tenant: String, after time: Timestamp
    ) throws -> MessageID? {
        try database.first(Statements.byKey, app, tenant, key, time) { MessageID($0.int(0)) }
    }

    func insert(_ message: Message, request: PushRequest, targets: ArraySlice<Target>) throws {
        let content = message.content
        try database.run(
            Statements.insert, message.id, message.app, message.tenant, content.kind.rawValue, content.alert,
            content.extra, content.sound, content.badge, content.listenFlag, content.sender, content.senderDevice,
            content.smsMessage, message.needsConfirmation, message.expiresAt, request.audience.kind.rawValue,
            AudienceText.encode(request.audience.values), request.audience.platform?.rawValue, content.title,
            content.uri, content.senderAddress, content.apns, content.push?.endpoint, content.push?.registration,
            content.push?.data, content.urgency?.rawValue, content.collapseKey, content.variants?.json,
            content.recalls, message.sendAt, message.sendAt != nil,
            message.acceptedAt == message.id.time ? nil : message.acceptedAt)
        if let key = request.idempotencyKey {
            try database.run(Statements.remember, message.app, message.tenant, key, message.id, message.acceptedAt)
        }
        let accepted = StateEvent.Accepted(app: message.app, deliveries: targets.count)
        journal.append(StateEvent(accepted: message.id, accepted, at: message.acceptedAt))
        try insertDeliveries(of: message, to: targets)
    }

    func message(_ id: MessageID) throws -> MessageRecord? {
        try database.first(Statements.byID, id, value: messageRecord)
    }

    /// A row of `selectMessage`.
    func messageRecord(_ row: SQLiteRow) -> MessageRecord {
        let message = message(row)
        let column = SQLiteTransaction.messageColumnCount
        return MessageRecord(
            message: message,
            audience: Audience(
                Audience.Kind(rawValue: row.text(column)) ?? .all, AudienceText.decode(row.text(column + 1)),
                platform: row.optionalInt(column + 2).flatMap(Platform.init(rawValue:)), tenant: message.tenant),
            isWaiting: row.bool(column + 3), cancelledAt: row.optionalTime(column + 4))
    }
}

/// An audience's values as the text of a JSON array.
enum AudienceText {
    static func encode(_ values: [String]) -> String {
        var text = ByteBuffer()
        text.writeJSONArray(values) { $1.writeJSONString($0) }
        return String(buffer: text)
    }

    static func decode(_ text: String) -> [String] {
        let values = try? JSONScanner.withValue(in: ByteBuffer(string: text)) { scanner in
            var values: [String] = []
            try scanner.beginArray()
            while try scanner.nextElement() { values.append(try scanner.string()) }
            return values
        }
        return values ?? []
    }
}
