import ApusCore

/// Since when a delivery in an outbox may be tried, and how often it was put off.
struct OutboxRow {
    var notBefore = Timestamp(milliseconds: 0)
    var attempts = 0
}

/// What vendors deliver, and what apps prove to them.
extension InMemoryTransaction {
    func credentials() -> [Credential] { credentialList }

    func putCredential(_ credential: Credential) {
        _ = removeCredential(credential.name, of: credential.route, appID: credential.appID)
        credentialList.append(credential)
    }

    func removeCredential(_ name: String, of route: Route, appID: String) -> Bool {
        let count = credentialList.count
        credentialList.removeAll { $0.name == name && $0.route == route && $0.appID == appID }
        return credentialList.count < count
    }

    func appsInOutbox(of route: Route) -> [AppNumber] {
        Array(Set(outboxes[route, default: [:]].keys.compactMap { messages[$0.message]?.message.app }))
    }

    func putIntoOutbox(of route: Route, _ app: AppNumber, _ device: DeviceNumber) -> Bool {
        let open = deliveries.filter { $0.key.device == device && $0.value.delivery.isOpen }
        let keys = open.keys.map { DeliveryKey(message: $0.message, device: device) }
        for key in keys { outboxes[route, default: [:]][key, default: OutboxRow()].notBefore = OutboxRow().notBefore }
        return !keys.isEmpty
    }

    func outbox(
        of route: Route, _ app: AppNumber, after: DeliveryKey, limit: Int, at now: Timestamp
    ) -> [OutboxEntry] {
        let own = outboxes[route, default: [:]].filter { key, row in
            key > after && messages[key.message]?.message.app == app && row.notBefore <= now
        }
        return own.sorted { $0.key < $1.key }.prefix(limit).map { key, row in
            guard let device = deviceList.first(where: { $0.number == key.device && $0.isActive }),
                let record = messages[key.message], record.message.expiresAt > now,
                deliveries[Key(message: key.message, device: key.device)]?.delivery.isOpen ?? false
            else { return .done(key) }
            return .due(
                VendorDelivery(
                    message: record.message.adapted(to: device.platform, device.language), device: device.number,
                    platform: device.platform,
                    token: addresses[device.number] ?? device.nativeToken,
                    registeredAt: device.registeredAt, attempts: row.attempts))
        }
    }

    func settle(_ settlement: VendorSettlement) -> Bool {
        if let time = settlement.notBefore, let row = outboxes[settlement.route]?[settlement.key] {
            outboxes[settlement.route]?[settlement.key] = OutboxRow(
                notBefore: time, attempts: row.attempts + (settlement.outcome.isAttempt ? 1 : 0))
        } else {
            outboxes[settlement.route]?[settlement.key] = nil
        }
        let key = Key(message: settlement.key.message, device: settlement.key.device)
        if let task = settlement.outcome.task { putTask(task) }
        let changed = apply(settlement.change)
        if settlement.outcome.isAttempt, deliveries[key] != nil {
            trails[key, default: []].append(settlement.trailEntry)
        }
        if let died = settlement.tokenDiedAt,
            let index = deviceList.firstIndex(where: {
                $0.number == settlement.key.device && $0.nativeToken == settlement.token
            })
        {
            deviceList[index].isActive = false
            deadCount += 1
            dead[deviceList[index].app, default: [:]][settlement.route, default: []].append(
                DeadToken(
                    token: settlement.token, at: died, reason: settlement.outcome.code, position: deadCount))
        }
        return changed
    }

    func putTask(_ task: VendorTask) {
        taskList.removeAll {
            $0.message == task.message && $0.route == task.route && $0.platform == task.platform && $0.id == task.id
        }
        taskList.append(task)
    }

    func openTasks(of route: Route, after: VendorTask?, before time: Timestamp, limit: Int) -> [VendorTask] {
        func place(_ task: VendorTask) -> (Timestamp, MessageID, Int64, String) {
            (task.status.at, task.message, task.platform.rawValue, task.id)
        }
        let open = taskList.filter { task in
            !task.status.isFinal && task.route == route && task.status.at < time
                && after.map { place($0) < place(task) } ?? true
        }
        return Array(open.sorted { place($0) < place($1) }.prefix(limit))
    }

    func tasks(of message: MessageID) -> [VendorTask] {
        taskList.filter { $0.message == message }.sorted { $0.id < $1.id }
    }

    func removeFromOutbox(of route: Route, _ app: AppNumber, _ keys: [DeliveryKey]) {
        for key in keys { outboxes[route]?[key] = nil }
    }

    func deadTokens(of app: AppNumber, route: Route, after: Int64, limit: Int) -> [DeadToken] {
        Array((dead[app]?[route] ?? []).filter { $0.position > after }.prefix(limit))
    }

    func removeDeadTokens(of app: AppNumber, route: Route, upTo position: Int64) {
        dead[app]?[route]?.removeAll { $0.position <= position }
    }
}
