/// Where everything that Apus promises is kept.
///
/// `write` is called by one thread at a time and returns once the transaction is on disk; if it throws, nothing of it
/// happened. `read` may be called by any thread while a write is under way and sees what was committed before.
package protocol MessageStore: Sendable {
    func write(_ body: (any StoreTransaction) throws -> Void) throws
    func read<Result>(_ body: (any StoreSnapshot) throws -> Result) throws -> Result
    /// Frees what the store holds. No call may follow.
    func close() throws
}

/// A consistent view of the store.
package protocol StoreSnapshot: BusinessSnapshot, EscalationSnapshot, EventSnapshot, AuditSnapshot {
    func apps() throws -> [App]
    func adminTokens() throws -> [AdminToken]
    /// What the key is known by that secrets are encrypted with; nil if there was none yet.
    func keyCheck() throws -> [UInt8]?
    /// What an app says of how long its messages are kept.
    func retention(of app: AppNumber) throws -> AppRetention
    /// From which message on an app's messages are to be kept, and those that waited for their time from this one's.
    /// - Returns: nil if none of those before it can be removed.
    func firstKept(of app: AppNumber, by retention: Retention, at now: Timestamp) throws -> MessageID?
    /// The highest message id ever given out by this store.
    func lastMessage() throws -> MessageID

    func device(id: String) throws -> Device?
    /// The active device with this native token that belongs to no tenant.
    func device(withToken token: String, of app: AppNumber) throws -> Device?
    func isActive(_ device: DeviceNumber) throws -> Bool
    /// The device as a target of its app's messages.
    /// - Returns: nil if there is no such device, or it is unregistered.
    func target(_ device: DeviceNumber) throws -> (AppNumber, Target)?
    /// Devices in the order of their numbers, from behind `after`.
    func devices(_ filter: DeviceFilter, after: DeviceNumber?, limit: Int) throws -> [Device]
    /// The first of `numbers` that match.
    func devices(_ filter: DeviceFilter, among numbers: some Sequence<DeviceNumber>, limit: Int) throws -> [Device]
    /// An app's tags in the order of their names, from behind `after`.
    func tags(of app: AppNumber, after: String?, limit: Int) throws -> [TagCount]

    func account(named name: String) throws -> Account?
    /// Accounts in the order of their names, of one app or of all, from behind `after`.
    func accounts(appID: String?, after: String?, limit: Int) throws -> [Account]

    /// Credentials for vendors, with their secrets encrypted.
    func credentials() throws -> [Credential]

    /// The endpoint of this id, whether it still holds or not.
    func endpoint(_ id: [UInt8]) throws -> Endpoint?
    /// A device's endpoints in the order in which they were made.
    func endpoints(of device: DeviceNumber) throws -> [Endpoint]

    /// Open deliveries of a device that have not expired, oldest first, from behind `after`.
    func pending(for device: DeviceNumber, after: MessageID, limit: Int, at now: Timestamp) throws -> [PendingDelivery]
    /// Those of `messages` whose delivery to the device is open and has not expired, oldest first.
    func pending(for device: DeviceNumber, among messages: [MessageID], at now: Timestamp) throws -> [PendingDelivery]

    /// What of an app waits for a vendor, in the order of messages, from behind `after`.
    func outbox(
        of route: Route, _ app: AppNumber, after: DeliveryKey, limit: Int, at now: Timestamp
    ) throws -> [OutboxEntry]
    /// The apps of which something waits for a vendor.
    func appsInOutbox(of route: Route) throws -> [AppNumber]
    /// Tokens of an app that a vendor does not know any more, in the order in which they were found dead, from behind
    /// the position `after`.
    func deadTokens(of app: AppNumber, route: Route, after: Int64, limit: Int) throws -> [DeadToken]

    /// Jobs of a vendor that are not final and were last looked at before `time`, the least recently looked at first;
    /// those that come after `after`.
    func openTasks(of route: Route, after: VendorTask?, before time: Timestamp, limit: Int) throws -> [VendorTask]
    /// The jobs that a message went with.
    func tasks(of message: MessageID) throws -> [VendorTask]

    /// Looks for the oldest delivery that is open and was not sent, from a message on.
    /// - Parameter rows: how many deliveries are looked at, or somewhat more.
    func oldestUnsent(from message: MessageID, rows: Int) throws -> UnsentSearch

    func message(_ id: MessageID) throws -> MessageRecord?
    /// The latest messages first, from before `before`. A filter by state has an app.
    func messages(_ filter: MessageFilter, before: MessageID?, limit: Int) throws -> [MessageRecord]
    /// Scheduled messages whose time has come, the most overdue first.
    func dueMessages(at now: Timestamp, limit: Int) throws -> [MessageRecord]
    func counts(of message: MessageID) throws -> DeliveryCounts
    /// Deliveries of a message in the order of their device numbers, from behind `after`.
    func deliveries(of message: MessageID, after: DeviceNumber?, limit: Int) throws -> [DeliveryRecord]
    func delivery(of message: MessageID, to device: DeviceNumber) throws -> DeliveryRecord?
    /// What was tried beyond the first hand-over, oldest first: at most 20 entries, the last of which is the latest.
    func trail(of message: MessageID, to device: DeviceNumber) throws -> [TrailEntry]
}

/// The one writer. Everything it does becomes durable together.
package protocol StoreTransaction: StoreSnapshot, BusinessTransaction, EscalationTransaction, EventTransaction,
    AuditTransaction
{
    /// Writes what means nothing, which shows whether anything can be written.
    func probe() throws

    /// - Returns: the app, or nil if the id is taken.
    func insertApp(id: String, name: String, keyHash: SecretHash, at now: Timestamp) throws -> App?
    /// - Parameter until: when the key that it had ends; nil for now.
    /// - Returns: the app with its new key, or nil if there is none.
    func replaceKey(ofApp id: String, with keyHash: SecretHash, keepingOldUntil until: Timestamp?) throws -> App?
    func setKeyCheck(_ value: [UInt8]) throws
    /// - Returns: whether the token's name was free.
    func insertAdminToken(_ token: AdminToken) throws -> Bool
    func removeAdminToken(_ hash: SecretHash) throws
    /// Writes when a token was last used.
    func noteUse(ofAdminToken hash: SecretHash, at time: Timestamp) throws

    /// Inserts the device, or updates and reactivates the one with the same app, tenant and native token, whose id
    /// then stays.
    func register(_ registration: DeviceRegistration, newID: String, at now: Timestamp) throws -> Device
    /// The active device with the same app, tenant and native token, as it is; if there is none, it is registered.
    func deviceOrNew(_ registration: DeviceRegistration, newID: String, at now: Timestamp) throws -> Device
    /// - Returns: the device as it is then, or nil if there is none.
    func deactivate(deviceID: String, at now: Timestamp) throws -> Device?
    /// Gives the device to another alias. What is open for the earlier one fails, unless that was the device's account,
    /// which is still its own.
    func setAlias(_ alias: String, of device: DeviceNumber, at now: Timestamp) throws
    /// Where its vendor finds the device at the moment, instead of at its native token; nil for there.
    func setAddress(_ address: String?, of device: DeviceNumber) throws
    /// Replaces the device's tags.
    func setTags(_ tags: [String], of device: DeviceNumber) throws
    /// Unregisters the device for good and forgets who it belonged to. What is open for it fails; of what it got, no more
    /// is left than that a device did.
    /// - Returns: the device as it was, or nil if there is none.
    func removeDevice(id: String, at now: Timestamp) throws -> Device?

    /// Makes an account and its device.
    /// - Returns: nil if the name is taken.
    func insertAccount(
        named name: String, credentials: [UInt8], registration: DeviceRegistration, deviceID: String, at now: Timestamp
    ) throws -> Account?
    /// - Returns: whether there is such an account.
    func replaceCredentials(ofAccount name: String, with credentials: [UInt8]) throws -> Bool
    /// Removes the account and unregisters its device.
    /// - Returns: the account as it was, or nil if there is none.
    func removeAccount(named name: String) throws -> Account?

    /// Adds the credential, or puts it in the place of the one with the same app, route and name.
    func putCredential(_ credential: Credential) throws
    /// - Returns: whether there was one.
    func removeCredential(_ name: String, of route: Route, appID: String) throws -> Bool

    /// Makes an endpoint, or changes the device's registration of the same name, whose id then stays.
    /// - Throws: `ApusError` if the device is not registered or has too many endpoints.
    func registerEndpoint(_ registration: EndpointRegistration, newID: [UInt8], at now: Timestamp) throws -> Endpoint
    /// Ends a device's registration, and what was posted to it.
    /// - Returns: whether there was one.
    func removeEndpoint(_ name: String, of device: DeviceNumber, at now: Timestamp) throws -> Bool
    /// Cancels what is undelivered of a message, which is not sent any more if it waits for its time.
    /// - Returns: how many deliveries that were.
    func cancel(_ message: MessageID, at now: Timestamp) throws -> Int

    /// The message of the last request with this key, if it was accepted after `time`.
    func message(
        withIdempotencyKey key: String, app: AppNumber, tenant: String, after time: Timestamp
    ) throws -> MessageID?
    /// Appends the active devices of the audience, each once.
    func resolve(_ audience: Audience, app: AppNumber, into targets: inout [Target]) throws
    /// Inserts the message and an unsent delivery for each target, and puts those that have a lane into its outbox. A
    /// message with a `sendAt` then waits for `release`.
    func insert(_ message: Message, request: PushRequest, targets: ArraySlice<Target>) throws
    /// Inserts the deliveries of a message that waited for its time.
    func release(_ message: Message, to targets: ArraySlice<Target>) throws
    /// Cancels what the targets have not got of the last message with the same collapse key, in the same tenant or to the
    /// same endpoint.
    func replaceUndelivered(by message: Message, for targets: ArraySlice<Target>, at now: Timestamp) throws

    /// Applies the change's events as `Delivery.apply` defines them; a message that is not for the device is ignored.
    /// - Returns: whether anything changed.
    @discardableResult
    func apply(_ change: DeliveryChange) throws -> Bool
    /// Applies all of `group.changes`.
    /// - Returns: how many deliveries changed.
    func apply(_ group: SentGroup) throws -> Int

    /// Puts all that is open of a device into a vendor's outbox, due at once.
    /// - Returns: whether there is anything.
    func putIntoOutbox(of route: Route, _ app: AppNumber, _ device: DeviceNumber) throws -> Bool
    /// Writes what became of a delivery in a vendor's hands, and takes it out of the outbox, unless it is to be tried
    /// again later. A device whose token died is unregistered, unless it was registered again since.
    /// - Returns: whether the delivery changed.
    func settle(_ settlement: VendorSettlement) throws -> Bool
    /// Writes how a vendor's job stands.
    func putTask(_ task: VendorTask) throws
    /// Takes deliveries out of a vendor's outbox.
    func removeFromOutbox(of route: Route, _ app: AppNumber, _ keys: [DeliveryKey]) throws
    /// Forgets dead tokens of which somebody was told.
    func removeDeadTokens(of app: AppNumber, route: Route, upTo position: Int64) throws

    /// Ends open deliveries whose message expired, up to about `limit` messages.
    /// - Returns: how many deliveries ended, and whether more is left to do.
    func expire(at now: Timestamp, limit: Int) throws -> (ended: Int, hasMore: Bool)
    /// Removes endpoints whose registration expired, up to `limit`.
    func removeExpiredEndpoints(at now: Timestamp, limit: Int) throws
    /// Forgets idempotency keys of messages that were accepted before `time`, up to `limit`.
    /// - Returns: whether more is left to do.
    func forgetKeys(before time: Timestamp, limit: Int) throws -> Bool
    func setRetention(_ retention: AppRetention, of app: AppNumber) throws
    /// Removes an app's messages before `kept` that `expire` has dealt with, with all that belongs to them, up to `limit`.
    /// - Returns: how many messages were removed, and whether more is left to do.
    func purge(_ app: AppNumber, before kept: MessageID, limit: Int) throws -> (removed: Int, hasMore: Bool)
}

/// A device that a message is for.
package struct Target: Sendable, Equatable {
    package let device: DeviceNumber
    package let platform: Platform
    /// Whose token the device has, if that does not follow from the platform.
    package let vendor: Route?
    /// Which of the audience's values matched.
    package let rule: Int
    /// The node that holds the device's connection, if it is another one.
    package let node: NodeNumber?
    /// Which vendor is to deliver, as the device has no connection.
    package var lane: Route?

    package init(
        device: DeviceNumber, platform: Platform, vendor: Route? = nil, rule: Int = 0, node: NodeNumber? = nil
    ) {
        self.device = device
        self.platform = platform
        self.vendor = vendor
        self.rule = rule
        self.node = node
    }
}

/// A delivery that waits to be sent, or sent and not confirmed.
package struct PendingDelivery: Sendable {
    package let message: Message
    /// Whether it was handed over before.
    package let wasSent: Bool

    package init(message: Message, wasSent: Bool) {
        self.message = message
        self.wasSent = wasSent
    }
}

/// Which devices are meant; nil is any.
package struct DeviceFilter: Sendable {
    package var appID: String?
    package var alias: String?
    package var tag: String?
    package var platform: Platform?
    package var tenant: String?

    package init(
        appID: String? = nil, alias: String? = nil, tag: String? = nil, platform: Platform? = nil, tenant: String? = nil
    ) {
        self.appID = appID
        self.alias = alias
        self.tag = tag
        self.platform = platform
        self.tenant = tenant
    }
}

/// How many registered devices have a tag.
package struct TagCount: Sendable, Equatable {
    package let tag: String
    package let devices: Int

    package init(tag: String, devices: Int) {
        self.tag = tag
        self.devices = devices
    }
}

package struct MessageFilter: Sendable {
    package var appID: String?
    package var state: MessageState?

    package init(appID: String? = nil, state: MessageState? = nil) {
        self.appID = appID
        self.state = state
    }
}

/// How a message stands as a whole.
package enum MessageState: String, Sendable, CaseIterable {
    /// It was sent.
    case accepted
    /// It waits for its time. For whom it is, is not known yet.
    case scheduled
    /// It was taken back.
    case cancelled
}

/// A message with what it was sent with.
package struct MessageRecord: Sendable {
    package let message: Message
    package let audience: Audience
    /// Whether it waits for its time.
    package let isWaiting: Bool
    package let cancelledAt: Timestamp?

    package init(message: Message, audience: Audience, isWaiting: Bool = false, cancelledAt: Timestamp? = nil) {
        self.message = message
        self.audience = audience
        self.isWaiting = isWaiting
        self.cancelledAt = cancelledAt
    }

    package var state: MessageState {
        cancelledAt != nil ? .cancelled : isWaiting ? .scheduled : .accepted
    }
}

/// A delivery with whom it is for.
package struct DeliveryRecord: Sendable {
    package let device: DeviceNumber
    package let deviceID: String
    package let alias: String
    /// Which of the audience's values matched.
    package let rule: Int
    package let delivery: Delivery

    package init(device: DeviceNumber, deviceID: String, alias: String, rule: Int, delivery: Delivery) {
        self.device = device
        self.deviceID = deviceID
        self.alias = alias
        self.rule = rule
        self.delivery = delivery
    }
}

/// One more attempt, or what was answered to one.
package struct TrailEntry: Sendable, Equatable {
    package let at: Timestamp
    /// A stable code (`resent`, …).
    package let code: String
    package let route: String
    package let detail: String?

    package init(at: Timestamp, code: String, route: String, detail: String? = nil) {
        self.at = at
        self.code = code
        self.route = route
        self.detail = detail
    }

    /// A later message takes the place of this one.
    package static func replaced(by message: MessageID, at time: Timestamp) -> TrailEntry {
        TrailEntry(
            at: time, code: "replaced", route: "",
            detail: "Message \(message) has the same collapse key, or topic, and took its place.")
    }
}

/// A token that a vendor does not know any more.
package struct DeadToken: Sendable, Equatable {
    package let token: String
    /// Since when, as the vendor says.
    package let at: Timestamp
    package let reason: String
    /// Grows with each token that is found dead.
    package let position: Int64

    package init(token: String, at: Timestamp, reason: String, position: Int64) {
        self.token = token
        self.at = at
        self.reason = reason
        self.position = position
    }
}

/// How many of a message's deliveries stand where. Each delivery counts once.
package struct DeliveryCounts: Sendable, Equatable {
    package var unsent = 0
    package var sent = 0
    package var received = 0
    package var read = 0
    package var expired = 0
    package var failed = 0
    package var cancelled = 0

    package init() {}

    package var total: Int { unsent + sent + received + read + expired + failed + cancelled }

    package mutating func count(_ state: DeliveryState, _ end: DeliveryEnd?, times: Int = 1) {
        switch (end, state) {
        case (.expired?, _): expired += times
        case (.failed?, _): failed += times
        case (.cancelled?, _): cancelled += times
        case (nil, .unsent): unsent += times
        case (nil, .sent): sent += times
        case (nil, .received): received += times
        case (nil, .read): read += times
        }
    }
}
