import ApusCore

private enum Statements {
    static let select = """
        SELECT e.id, e.public_id, e.registration, e.sender_key, e.text_only, e.needs_confirmation, e.expires_at,
            v.id, v.platform, v.vendor, v.app, a.public_id, v.tenant, v.public_id, v.active, e.address
        FROM endpoints e JOIN devices v ON v.id = e.device JOIN apps a ON a.id = v.app
        """
    static let byID: SQL = "\(select) WHERE e.public_id = ?"
    static let byName: SQL = "\(select) WHERE e.device = ? AND e.registration = ?"
    static let ofDevice: SQL = "\(select) WHERE e.device = ? ORDER BY e.id"
    static let count: SQL = "SELECT count(*) FROM endpoints WHERE device = ?"
    static let put: SQL = """
        INSERT INTO endpoints
            (public_id, device, registration, sender_key, text_only, needs_confirmation, address, created_at, expires_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (device, registration) DO UPDATE SET sender_key = excluded.sender_key,
            text_only = excluded.text_only, needs_confirmation = excluded.needs_confirmation,
            address = excluded.address, expires_at = excluded.expires_at
        """
    static let delete: SQL = "DELETE FROM endpoints WHERE id = ?"
    static let deleteExpired: SQL = """
        DELETE FROM endpoints WHERE id IN (SELECT id FROM endpoints WHERE expires_at <= ? LIMIT ?)
        """
}

extension SQLiteTransaction {
    /// Endpoints of one device.
    private static let mostEndpoints: Int64 = 10_000

    private func endpoint(_ row: SQLiteRow) -> Endpoint {
        let target = target(row, at: 7, rule: 0)
        let registration = EndpointRegistration(
            device: target.device, name: row.text(2), senderKey: row.optionalBlob(3), takesTextOnly: row.bool(4),
            needsConfirmation: row.bool(5), address: row.optionalText(15), expiresAt: row.optionalTime(6))
        return Endpoint(
            number: EndpointNumber(row.int(0)), id: row.blob(1), registration: registration,
            app: AppNumber(row.int(10)), appID: row.text(11), tenant: row.text(12), deviceID: row.text(13),
            target: target, isActive: row.bool(14))
    }

    func endpoint(_ id: [UInt8]) throws -> Endpoint? {
        try database.first(Statements.byID, id, value: endpoint)
    }

    func endpoints(of device: DeviceNumber) throws -> [Endpoint] {
        var endpoints: [Endpoint] = []
        try database.rows(Statements.ofDevice, device) { endpoints.append(endpoint($0)) }
        return endpoints
    }

    func registerEndpoint(
        _ registration: EndpointRegistration, newID: [UInt8], at now: Timestamp
    ) throws -> Endpoint {
        let device = registration.device
        guard try isActive(device) else { throw ApusError.unknownDevice }
        let isNew = try database.first(Statements.byName, device, registration.name, value: endpoint) == nil
        let count = try database.first(Statements.count, device) { $0.int(0) } ?? 0
        guard !isNew || count < Self.mostEndpoints else {
            throw ApusError(
                .conflict, code: "too_many_endpoints",
                "The device has \(count) endpoints, which is as many as it may have. Unregister some.")
        }
        try database.run(
            Statements.put, newID, device, registration.name, registration.senderKey, registration.takesTextOnly,
            registration.needsConfirmation, registration.address, now, registration.expiresAt)
        guard let endpoint = try database.first(Statements.byName, device, registration.name, value: endpoint) else {
            throw ApusError(.internal, code: "endpoint_vanished", "The endpoint cannot be read back.")
        }
        return endpoint
    }

    func removeEndpoint(_ name: String, of device: DeviceNumber, at now: Timestamp) throws -> Bool {
        guard let endpoint = try database.first(Statements.byName, device, name, value: endpoint) else { return false }
        try end(.ofEndpoint(endpoint.number, device), .failed("endpoint.unregistered"), at: now)
        return try database.run(Statements.delete, endpoint.number) > 0
    }

    func removeExpiredEndpoints(at now: Timestamp, limit: Int) throws {
        try database.run(Statements.deleteExpired, now, limit)
    }
}
