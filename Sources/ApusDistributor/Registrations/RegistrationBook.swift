import ApusCore
import ApusXMPP
import Foundation
import GRDB

/// The registrations, and what waits for applications, in one SQLite file. Each change is on disk when its call returns.
package final class RegistrationBook: Sendable {
    /// Milliseconds for which a push waits for its application, and a departure for its gateway: a week.
    static let longestWait: Int64 = 7 * 86_400_000

    private let database: DatabaseQueue
    private let longestQueue: Int

    /// Opens the book, and makes it if there is none.
    ///
    /// - Parameter longestQueue: pushes that wait for one application. More are refused.
    /// - Throws: `BookFailure`.
    package init(file: String, longestQueue: Int = 500) throws(BookFailure) {
        self.longestQueue = longestQueue
        do {
            let directory = URL(filePath: file).deletingLastPathComponent()
            try FileManager.default.createDirectory(
                at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            var configuration = Configuration()
            configuration.busyMode = .timeout(5)
            database = try DatabaseQueue(path: file, configuration: configuration)
            try BookSchema.migrator.migrate(database)
        } catch {
            throw BookFailure(file: file, error)
        }
    }

    // MARK: Settings

    /// A value that is made when it is first asked for, and stays.
    func setting(_ name: String, make: () -> String) throws -> String {
        try database.write { database in
            if let value = try String.fetchOne(
                database, sql: "SELECT value FROM settings WHERE name = ?", arguments: [name])
            {
                return value
            }
            let value = make()
            try database.execute(sql: "INSERT INTO settings VALUES (?, ?)", arguments: [name, value])
            return value
        }
    }

    // MARK: Registrations

    /// All of them, oldest first.
    package func registrations() throws -> [Registration] {
        try database.read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM registrations ORDER BY created_at, app_token")
                .compactMap(Registration.init(row:))
        }
    }

    func save(_ registration: Registration) throws {
        let endpoint = registration.endpoint
        try database.write { database in
            try database.execute(
                sql: """
                    INSERT INTO registrations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    ON CONFLICT (app_token) DO UPDATE SET
                        dialect = excluded.dialect, description = excluded.description,
                        vapid_key = excluded.vapid_key, endpoint = excluded.endpoint, gateway = excluded.gateway,
                        gateway_dialect = excluded.gateway_dialect, address = excluded.address,
                        registered_at = excluded.registered_at, expires_at = excluded.expires_at
                    """,
                arguments: [
                    registration.appToken, registration.service.text, registration.identity.publicToken,
                    registration.identity.application, registration.identity.instance, registration.dialect.rawValue,
                    registration.description, registration.vapidKey, registration.createdAt.milliseconds,
                    endpoint?.url, endpoint?.gateway.address.description, endpoint?.gateway.dialect.rawValue,
                    endpoint?.address.description,
                    endpoint?.registeredAt.milliseconds, endpoint?.expiresAt?.milliseconds,
                ])
        }
    }

    func has(_ appToken: String) throws -> Bool {
        try database.read { database in
            try Row.fetchOne(
                database, sql: "SELECT 1 FROM registrations WHERE app_token = ?", arguments: [appToken]) != nil
        }
    }

    /// Removes a registration with all that waits for it, and remembers that its gateway is to be told.
    func remove(_ registration: Registration, departure: Departure?, at now: Timestamp) throws {
        try database.write { database in
            try database.execute(
                sql: "DELETE FROM registrations WHERE app_token = ?", arguments: [registration.appToken])
            guard let departure else { return }
            try database.execute(
                sql: "INSERT OR REPLACE INTO departures VALUES (?, ?, ?, ?, ?, ?)",
                arguments: [
                    departure.identity.publicToken, departure.identity.application, departure.identity.instance,
                    departure.gateway.address.description, departure.gateway.dialect.rawValue, now.milliseconds,
                ])
        }
    }

    // MARK: Departures

    func departures() throws -> [Departure] {
        try database.read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM departures ORDER BY departed_at")
                .compactMap(Departure.init(row:))
        }
    }

    /// The gateway knows.
    func settle(_ departure: Departure) throws {
        try database.write { database in
            try database.execute(
                sql: "DELETE FROM departures WHERE public_token = ?", arguments: [departure.identity.publicToken])
        }
    }

    // MARK: Pushes

    /// Puts a push on disk.
    ///
    /// - Returns: false if too many wait already.
    func keep(_ payload: [UInt8], for appToken: String, at now: Timestamp) throws -> Bool {
        try database.write { database in
            try database.execute(
                sql: """
                    INSERT INTO pushes (app_token, payload, arrived_at)
                    SELECT ?1, ?2, ?3 WHERE (SELECT count(*) FROM pushes WHERE app_token = ?1) < ?4
                    """,
                arguments: [appToken, Data(payload), now.milliseconds, longestQueue])
            return database.changesCount == 1
        }
    }

    func oldestPush(for appToken: String) throws -> StoredPush? {
        try database.read { database in
            try Row.fetchOne(
                database, sql: "SELECT id, payload FROM pushes WHERE app_token = ? ORDER BY id LIMIT 1",
                arguments: [appToken]
            ).map { StoredPush(id: $0["id"], payload: Array($0["payload"] as Data)) }
        }
    }

    /// The application has it.
    func remove(_ push: StoredPush) throws {
        try database.write { try $0.execute(sql: "DELETE FROM pushes WHERE id = ?", arguments: [push.id]) }
    }

    /// How many pushes wait, by app token.
    package func waiting() throws -> [String: Int] {
        try database.read { database in
            let rows = try Row.fetchAll(
                database, sql: "SELECT app_token, count(*) AS count FROM pushes GROUP BY app_token")
            return Dictionary(uniqueKeysWithValues: rows.map { ($0["app_token"], $0["count"]) })
        }
    }

    /// Removes what has waited for too long.
    ///
    /// - Returns: how many pushes were lost by it.
    func removeOverdue(at now: Timestamp) throws -> Int {
        let oldest = now.milliseconds - Self.longestWait
        return try database.write { database in
            try database.execute(sql: "DELETE FROM departures WHERE departed_at < ?", arguments: [oldest])
            try database.execute(sql: "DELETE FROM pushes WHERE arrived_at < ?", arguments: [oldest])
            return database.changesCount
        }
    }
}

extension Registration {
    /// - Returns: nil if the row is not one that this version writes.
    fileprivate init?(row: Row) {
        guard let service = BusName(row["app_id"]), let dialect = ConnectorDialect(rawValue: row["dialect"]) else {
            return nil
        }
        self.init(
            service: service, appToken: row["app_token"], identity: GatewayIdentity(row: row), dialect: dialect,
            description: row["description"], vapidKey: row["vapid_key"],
            createdAt: Timestamp(milliseconds: row["created_at"]), endpoint: GatewayEndpoint(row: row))
    }
}

extension GatewayEndpoint {
    fileprivate init?(row: Row) {
        guard let url: String = row["endpoint"], let gateway = Gateway(row: row),
            let address = (row["address"] as String?).flatMap({ try? JID($0) }),
            let registeredAt: Int64 = row["registered_at"]
        else { return nil }
        let expiresAt: Int64? = row["expires_at"]
        self.init(
            url: url, gateway: gateway, address: address, registeredAt: Timestamp(milliseconds: registeredAt),
            expiresAt: expiresAt.map { Timestamp(milliseconds: $0) })
    }
}

extension Departure {
    fileprivate init?(row: Row) {
        guard let gateway = Gateway(row: row) else { return nil }
        self.init(identity: GatewayIdentity(row: row), gateway: gateway)
    }
}

extension Gateway {
    fileprivate init?(row: Row) {
        guard let address = (row["gateway"] as String?).flatMap({ try? JID($0) }),
            let dialect = (row["gateway_dialect"] as String?).flatMap(GatewayDialect.init(rawValue:))
        else { return nil }
        self.init(address: address, dialect: dialect)
    }
}

extension GatewayIdentity {
    fileprivate init(row: Row) {
        self.init(publicToken: row["public_token"], application: row["application"], instance: row["instance"])
    }
}
