package import ApusCore
import Synchronization

/// A store in memory: the same promises, except that nothing survives the process.
package final class InMemoryMessageStore: MessageStore {
    private let content = Mutex(InMemoryTransaction())
    private let failure = Mutex<(any Error)?>(nil)
    private let readFailure = Mutex<(any Error)?>(nil)
    private let interruption = Mutex<(@Sendable (any StoreTransaction) throws -> Void)?>(nil)

    package init() {}

    /// Makes each write fail as a full disk does, until it is called with nil.
    package func failWrites(with error: (any Error)?) {
        failure.withLock { $0 = error }
    }

    /// Writes this right behind the next write, before anybody else does.
    package func interruptNextWrite(_ body: @escaping @Sendable (any StoreTransaction) throws -> Void) {
        interruption.withLock { $0 = body }
    }

    /// Says that another node holds the device's connection.
    package func place(_ device: DeviceNumber, on node: NodeNumber) {
        content.withLock { transaction in
            transaction = transaction.copy()
            transaction.nodes[device] = node
        }
    }

    /// Makes each read fail as a damaged file does, until it is called with nil.
    package func failReads(with error: (any Error)?) {
        readFailure.withLock { $0 = error }
    }

    package func write(_ body: (any StoreTransaction) throws -> Void) throws {
        let transaction = content.withLock { $0.copy() }
        try body(transaction)
        if let error = failure.withLock({ $0 }) { throw error }
        content.withLock { $0 = transaction }
        if let interruption = interruption.withLock({ $0.take() }) { try write(interruption) }
    }

    package func read<Result>(_ body: (any StoreSnapshot) throws -> Result) throws -> Result {
        if let error = readFailure.withLock({ $0 }) { throw error }
        return try body(content.withLock { $0.copy() })
    }

    package func close() {}
}

/// What the store holds. A class, because a transaction changes itself; copied at each transaction.
// SAFETY: a copy is used by one thread at a time, and is not changed any more once the store holds it.
final class InMemoryTransaction: StoreTransaction, @unchecked Sendable {
    struct Key: Hashable {
        let message: MessageID
        let device: DeviceNumber
    }

    var appList: [App] = []
    private var tokens: [AdminToken] = []
    var deviceList: [Device] = []
    var accountList: [String: (device: DeviceNumber, credentials: [UInt8], createdAt: Timestamp)] = [:]
    var messages: [MessageID: MessageRecord] = [:]
    var deliveries: [Key: (rule: Int, delivery: Delivery)] = [:]
    var trails: [Key: [TrailEntry]] = [:]
    /// Devices that were removed.
    var deleted: Set<DeviceNumber> = []
    var collapseKeys: [CollapseKey: MessageID] = [:]
    var keys: [[String]: (message: MessageID, at: Timestamp)] = [:]
    var swept: Set<MessageID> = []
    var retentions: [AppNumber: AppRetention] = [:]
    var credentialList: [Credential] = []
    var outboxes: [Route: [DeliveryKey: OutboxRow]] = [:]
    var addresses: [DeviceNumber: String] = [:]
    var taskList: [VendorTask] = []
    var endpointList: [Endpoint] = []
    var business = InMemoryBusiness()
    var escalations = InMemoryEscalations()
    var auditList: [AuditEntry] = []
    var auditEnd: AuditHead?
    private var keyCheckValue: [UInt8]?
    var deadCount: Int64 = 0
    var dead: [AppNumber: [Route: [DeadToken]]] = [:]
    /// The events from number `journalStart` on.
    var journal: [StateEvent] = []
    var journalStart: Int64 = 1
    var eventCount = 0
    var webhookList: [Webhook] = []
    fileprivate var nodes: [DeviceNumber: NodeNumber] = [:]
    private var last = MessageID.zero

    func copy() -> InMemoryTransaction {
        let copy = InMemoryTransaction()
        copy.appList = appList
        copy.tokens = tokens
        copy.deviceList = deviceList
        copy.accountList = accountList
        copy.messages = messages
        copy.deliveries = deliveries
        copy.trails = trails
        copy.deleted = deleted
        copy.collapseKeys = collapseKeys
        copy.keys = keys
        copy.swept = swept
        copy.retentions = retentions
        copy.credentialList = credentialList
        copy.outboxes = outboxes
        copy.addresses = addresses
        copy.taskList = taskList
        copy.endpointList = endpointList
        copy.business = business
        copy.escalations = escalations
        copy.auditList = auditList
        copy.auditEnd = auditEnd
        copy.keyCheckValue = keyCheckValue
        copy.dead = dead
        copy.deadCount = deadCount
        copy.journal = journal
        copy.journalStart = journalStart
        copy.webhookList = webhookList
        copy.nodes = nodes
        copy.last = last
        return copy
    }

    // MARK: Apps

    func apps() -> [App] { appList }
    func adminTokens() -> [AdminToken] { tokens.sorted { $0.name < $1.name } }
    func lastMessage() -> MessageID { last }
    func probe() {}

    func oldestUnsent(from message: MessageID, rows: Int) -> UnsentSearch {
        let unsent = deliveries.filter { key, value in
            key.message >= message && value.delivery.isOpen && value.delivery.state == .unsent
        }
        let oldest = unsent.keys.map(\.message).min()
        return oldest.map { .found($0) } ?? .none(before: MessageID(max(message, last).rawValue + 1), isEnd: true)
    }

    func insertApp(id: String, name: String, keyHash: SecretHash, at now: Timestamp) -> App? {
        guard !appList.contains(where: { $0.id == id }) else { return nil }
        let number = AppNumber(Int64(appList.count + 1))
        appList.append(App(number: number, id: id, name: name, createdAt: now, keyHash: keyHash))
        return appList.last
    }

    func replaceKey(ofApp id: String, with keyHash: SecretHash, keepingOldUntil until: Timestamp?) -> App? {
        guard let index = appList.firstIndex(where: { $0.id == id }) else { return nil }
        let old = appList[index]
        appList[index] = App(
            number: old.number, id: old.id, name: old.name, createdAt: old.createdAt, keyHash: keyHash,
            oldKey: until.map { App.OldKey(hash: old.keyHash, until: $0) })
        return appList[index]
    }

    func insertAdminToken(_ token: AdminToken) -> Bool {
        guard !tokens.contains(where: { $0.name == token.name }) else { return false }
        tokens.append(token)
        return true
    }

    func keyCheck() -> [UInt8]? { keyCheckValue }
    func setKeyCheck(_ value: [UInt8]) { keyCheckValue = value }
    func removeAdminToken(_ hash: SecretHash) { tokens.removeAll { $0.hash == hash } }

    func noteUse(ofAdminToken hash: SecretHash, at time: Timestamp) {
        for index in tokens.indices where tokens[index].hash == hash { tokens[index].usedAt = time }
    }

    // MARK: Devices

    func device(id: String) -> Device? { deviceList.first { $0.id == id && !deleted.contains($0.number) } }

    func device(withToken token: String, of app: AppNumber) -> Device? {
        deviceList.first { $0.nativeToken == token && $0.app == app && $0.tenant.isEmpty && $0.isActive }
    }

    func setAddress(_ address: String?, of device: DeviceNumber) { addresses[device] = address }

    func isActive(_ device: DeviceNumber) -> Bool {
        deviceList.contains { $0.number == device && $0.isActive }
    }

    func target(_ device: DeviceNumber) -> (AppNumber, Target)? {
        deviceList.first { $0.number == device && $0.isActive }.map { ($0.app, target($0)) }
    }

    func target(_ device: Device, rule: Int = 0) -> Target {
        Target(
            device: device.number, platform: device.platform, vendor: device.vendor, rule: rule,
            node: nodes[device.number])
    }

    func register(_ registration: DeviceRegistration, newID: String, at now: Timestamp) -> Device {
        let appID = appList.first { $0.number == registration.app }?.id ?? ""
        let index = deviceList.firstIndex {
            $0.app == registration.app && $0.tenant == registration.tenant
                && $0.nativeToken == registration.nativeToken
        }
        var device = Device(
            number: DeviceNumber(Int64(deviceList.count + 1)), id: newID, app: registration.app, appID: appID,
            tenant: registration.tenant, alias: registration.alias, platform: registration.platform,
            nativeToken: registration.nativeToken, vendor: registration.vendor, mobile: registration.mobile,
            language: registration.language, tags: Set(registration.tags).sorted(), isActive: true, registeredAt: now)
        guard let index else {
            deviceList.append(device)
            return device
        }
        device.number = deviceList[index].number
        device.id = deviceList[index].id
        if deviceList[index].alias != device.alias {
            failOpen(device.number, at: now)
            endpointList.removeAll { $0.registration.device == device.number }
        }
        deviceList[index] = device
        return device
    }

    private func failOpen(_ device: DeviceNumber, at now: Timestamp) {
        for key in deliveries.keys where key.device == device && deliveries[key]!.delivery.isOpen {
            end(key, .failed("device.reassigned"), at: now)
        }
    }

    func deviceOrNew(_ registration: DeviceRegistration, newID: String, at now: Timestamp) -> Device {
        let earlier = deviceList.first {
            $0.app == registration.app && $0.tenant == registration.tenant
                && $0.nativeToken == registration.nativeToken && $0.isActive
        }
        return earlier ?? register(registration, newID: newID, at: now)
    }

    func deactivate(deviceID: String, at now: Timestamp) -> Device? {
        guard let index = deviceList.firstIndex(where: { $0.id == deviceID }) else { return nil }
        deviceList[index].isActive = false
        let number = deviceList[index].number
        endpointList.removeAll { $0.registration.device == number }
        return deviceList[index]
    }

    func setAlias(_ alias: String, of device: DeviceNumber, at now: Timestamp) {
        guard let index = deviceList.firstIndex(where: { $0.number == device }) else { return }
        let earlier = deviceList[index].alias
        guard earlier != alias else { return }
        deviceList[index].alias = alias
        if accountList[earlier]?.device != device { failOpen(device, at: now) }
    }

    func setTags(_ tags: [String], of device: DeviceNumber) {
        guard let index = deviceList.firstIndex(where: { $0.number == device }) else { return }
        deviceList[index].tags = Set(tags).sorted()
    }

    // MARK: Accounts

    func account(named name: String) -> Account? {
        guard let entry = accountList[name], let device = deviceList.first(where: { $0.number == entry.device }) else {
            return nil
        }
        return Account(
            name: name, credentials: entry.credentials, device: device.number, deviceID: device.id,
            alias: device.alias, platform: device.platform, language: device.language, isActive: device.isActive,
            app: device.app, appID: device.appID,
            createdAt: entry.createdAt)
    }

    func accounts(appID: String?, after: String?, limit: Int) -> [Account] {
        let matching = accountList.keys.sorted().filter { $0 > after ?? "" }.compactMap(account(named:))
        return Array(matching.filter { appID == nil || $0.appID == appID }.prefix(limit))
    }

    func insertAccount(
        named name: String, credentials: [UInt8], registration: DeviceRegistration, deviceID: String, at now: Timestamp
    ) -> Account? {
        guard accountList[name] == nil else { return nil }
        accountList[name] = (register(registration, newID: deviceID, at: now).number, credentials, now)
        return account(named: name)
    }

    func replaceCredentials(ofAccount name: String, with credentials: [UInt8]) -> Bool {
        accountList[name]?.credentials = credentials
        return accountList[name] != nil
    }

    func removeAccount(named name: String) -> Account? {
        guard let account = account(named: name) else { return nil }
        accountList[name] = nil
        _ = deactivate(deviceID: account.deviceID, at: account.createdAt)
        return account
    }

    func resolve(_ audience: Audience, app: AppNumber, into targets: inout [Target]) {
        for device in deviceList where device.app == app && device.isActive {
            guard device.tenant.isEmpty || device.tenant == audience.tenant else { continue }
            guard audience.platform == nil || audience.platform == device.platform else { continue }
            let rule: Int? =
                switch audience.kind {
                case .alias: audience.values.firstIndex(of: device.alias)
                case .tag: audience.values.firstIndex { device.tags.contains($0) }
                case .device: audience.values.firstIndex(of: device.id)
                case .all: 0
                case .recipients:
                    audience.values.firstIndex { id in
                        let key = Key(message: MessageID(id) ?? .zero, device: device.number)
                        return deliveries[key].map { $0.delivery.state > .unsent } ?? false
                    }
                }
            if let rule { targets.append(target(device, rule: rule)) }
        }
    }

    // MARK: Messages and deliveries

    func message(
        withIdempotencyKey key: String, app: AppNumber, tenant: String, after time: Timestamp
    ) -> MessageID? {
        keys[["\(app.rawValue)", tenant, key]].flatMap { $0.at > time ? $0.message : nil }
    }

    func insert(_ message: Message, request: PushRequest, targets: ArraySlice<Target>) {
        messages[message.id] = MessageRecord(
            message: message, audience: request.audience, isWaiting: message.sendAt != nil)
        last = max(last, message.id)
        if let key = request.idempotencyKey {
            keys[["\(message.app.rawValue)", message.tenant, key]] = (message.id, message.acceptedAt)
        }
        record(
            StateEvent(
                accepted: message.id, StateEvent.Accepted(app: message.app, deliveries: targets.count),
                at: message.acceptedAt))
        insertDeliveries(of: message, to: targets)
    }

    func insertDeliveries(of message: Message, to targets: ArraySlice<Target>) {
        for target in targets {
            record(StateEvent(.unsent, message.id, target.device, at: message.sentFrom))
            deliveries[Key(message: message.id, device: target.device)] =
                (target.rule, Delivery(needsConfirmation: message.needsConfirmation))
            if let lane = target.lane {
                outboxes[lane, default: [:]][DeliveryKey(message: message.id, device: target.device)] = OutboxRow()
            }
        }
    }

    func apply(_ change: DeliveryChange) -> Bool {
        let key = Key(message: change.message, device: change.device)
        guard var entry = deliveries[key] else { return false }
        let earlier = entry.delivery
        var changed = false
        for (event, time) in change.events where entry.delivery.apply(event, at: time) {
            changed = true
            if case .sent(let route) = event, entry.delivery.attempts > 1 {
                if trails[key]?.count == 20 { trails[key]?.removeLast() }
                trails[key, default: []].append(TrailEntry(at: time, code: "resent", route: route.rawValue))
            }
        }
        deliveries[key] = entry
        record(entry.delivery.events(since: earlier, of: change.message, to: change.device))
        return changed
    }

    func apply(_ group: SentGroup) -> Int {
        group.changes.reduce(0) { $0 + (apply($1) ? 1 : 0) }
    }

    func pending(for device: DeviceNumber, after: MessageID, limit: Int, at now: Timestamp) -> [PendingDelivery] {
        let open = deliveries.filter { $0.key.device == device && $0.value.delivery.isOpen && $0.key.message > after }
        return Array(
            open.sorted { $0.key.message < $1.key.message }
                .compactMap { key, entry in pending(key, entry.delivery, now) }.prefix(limit))
    }

    func pending(for device: DeviceNumber, among ids: [MessageID], at now: Timestamp) -> [PendingDelivery] {
        ids.sorted().compactMap { id in
            let key = Key(message: id, device: device)
            return deliveries[key].flatMap { $0.delivery.isOpen ? pending(key, $0.delivery, now) : nil }
        }
    }

    private func pending(_ key: Key, _ delivery: Delivery, _ now: Timestamp) -> PendingDelivery? {
        guard let record = messages[key.message], record.message.expiresAt > now else { return nil }
        return PendingDelivery(message: record.message, wasSent: delivery.state > .unsent)
    }

    func message(_ id: MessageID) -> MessageRecord? { messages[id] }
}
