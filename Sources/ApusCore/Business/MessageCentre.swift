import Dispatch
package import Logging
import NIOCore
import Synchronization

/// Acts on what the business system wants told: rows that other programs write into `sys_message_center`, and schedules.
///
/// A row is claimed, acted on and marked in one commit with the message that it becomes. A crash leaves it either
/// waiting or done.
package final class MessageCentre: Sendable {
    let dispatcher: Dispatcher
    private let apps: AppRegistry
    private let settings: BusinessSettings
    private let notices: NoticeDesk
    private let logger: Logger
    private let wakes: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation
    private let times = Mutex(Times())

    private struct Times {
        var nextScan = NIODeadline.uptimeNanoseconds(0)
        /// When the next schedule or notice is due.
        var next: Timestamp?
    }

    /// Rows that one commit acts on.
    private static let batch = 250
    /// Seconds that schedules are kept that are over.
    private static let keptSeconds: Int64 = 30 * 86_400

    package init(
        dispatcher: Dispatcher, apps: AppRegistry, settings: BusinessSettings,
        senders: [any NotificationSender] = [], logger: Logger
    ) {
        self.dispatcher = dispatcher
        self.apps = apps
        self.settings = settings
        self.logger = logger
        (wakes, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        notices = NoticeDesk(dispatcher: dispatcher, senders: senders, logger: logger)
    }

    /// Looks at the tables at once instead of when it is time.
    package func wake() { waker.yield() }

    /// Works until the task is cancelled.
    package func run() async {
        await notices.recover()
        notices.finished = { [waker] in waker.yield() }
        let ticker = Task { [self] in
            while !Task.isCancelled {
                if isTime { wake() }
                try? await Task.sleep(for: .seconds(1))
            }
        }
        for await _ in wakes {
            do {
                if isScanTime { try await keepHouse() }
                try await scan()
            } catch {
                logger.warning("the message centre failed and tries again", metadata: ["error": "\(error)"])
            }
        }
        ticker.cancel()
    }

    private var isScanTime: Bool { times.withLock { $0.nextScan <= dispatcher.clock.uptime } }

    private var isTime: Bool {
        let now = dispatcher.clock.now
        return isScanTime || times.withLock { $0.next.map { $0 <= now } ?? false }
    }

    /// Acts on everything that waits and is due.
    package func scan() async throws {
        times.withLock { $0.nextScan = dispatcher.clock.uptime + .seconds(settings.scanSeconds) }
        while try await step(), !Task.isCancelled {}
        try await notices.send()
        let next = try await dispatcher.query { try $0.nextCentreTime() }
        times.withLock { $0.next = next }
    }

    /// One commit.
    /// - Returns: whether there is more to do at once.
    private func step() async throws -> Bool {
        let (now, batch) = (dispatcher.clock.now, Self.batch)
        // Most looks find nothing, and a look that only reads holds nobody up.
        let hasWork = try await dispatcher.query {
            try !$0.waitingRows(limit: 1).isEmpty || !$0.dueSchedules(at: now, limit: 1).isEmpty
        }
        guard hasWork else { return false }
        return try await dispatcher.push { [apps, settings, notices] transaction, send in
            let schedules = try transaction.dueSchedules(at: now, limit: batch)
            for schedule in schedules {
                let row = try transaction.insertRow(schedule.row, at: now)
                try transaction.update(schedule.advanced(at: now, row: row))
            }
            let rows = try transaction.waitingRows(limit: batch)
            for row in rows {
                let app = row.app.flatMap { apps[$0] } ?? apps[settings.appID]
                try CentreAction(app: app, settings: settings, serves: notices.serves, now: now)
                    .run(row, transaction, send)
            }
            return rows.count == batch || schedules.count == batch
        }
    }

    // MARK: What else other programs may have written

    /// Clear passwords that are hashed in one go: each takes tens of milliseconds.
    private static let passwordsAtOnce = 20

    /// Takes logins over that other programs wrote, hashes clear passwords, writes how pushes stand.
    package func keepHouse() async throws {
        let now = dispatcher.clock.now
        if let app = apps[settings.appID] { while try await link(app, now) {} }
        let clear = try await dispatcher.query { try $0.usersWithClearPassword(limit: Self.passwordsAtOnce) }
        for user in clear {
            let hash = await Self.hash(user.password)
            try await dispatcher.update { transaction in
                // It may have been changed meanwhile.
                guard try transaction.user(user.number)?.password == user.password else { return }
                try transaction.setPassword(hash, ofUser: user.number, at: now)
            }
        }
        if clear.count == Self.passwordsAtOnce { wake() }
        try await dispatcher.update { transaction in
            try transaction.refreshPushes(at: now, limit: 1000)
            try transaction.removeExpiredTokens(at: now)
            try transaction.removeOldSchedules(before: now.adding(seconds: -Self.keptSeconds), limit: 1000)
        }
    }

    /// Off the threads that tasks share.
    private static func hash(_ password: String) async -> String {
        await withCheckedContinuation { continuation in
            DispatchQueue.global(qos: .utility).async {
                continuation.resume(returning: PasswordHash(of: password).text)
            }
        }
    }

    /// - Returns: whether there may be more.
    private func link(_ app: App, _ now: Timestamp) async throws -> Bool {
        let batch = Self.batch
        let logins = try await dispatcher.query { try $0.unlinkedLogins(app: app.number, limit: batch) }
        guard !logins.isEmpty else { return false }
        let checked = logins.map { dispatcher.checked($0).0 }
        let former = try await dispatcher.update { transaction in
            try checked.compactMap { try transaction.logIn($0, newID: RandomToken.hex128(), at: now).former }
        }
        for device in former { dispatcher.disconnect(device, .unregistered) }
        return logins.count == batch
    }
}
