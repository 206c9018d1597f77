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
    let apps: AppRegistry
    let settings: BusinessSettings
    private let notices: NoticeDesk
    private let logger: Logger
    private let wakes: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation
    private let times = Mutex(Times())

    private struct Times {
        var nextScan = NIODeadline.uptimeNanoseconds(0)
        /// When the next schedule or notice is due.
        var next: Timestamp?
        /// Whether passwords in clear are left to be hashed.
        var leavesPasswords = false
    }

    /// Rows that one commit acts on.
    static let batch = 250
    /// Bytes of receivers after which a commit takes no more rows, so that rows for very many do not hold up everything
    /// else.
    private static let receiversAtOnce = 64 << 10

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

    /// Whether there is a sender for an app's SMS or e-mail.
    func serves(_ mode: NotificationMode, _ app: AppNumber) -> Bool { notices.serves(mode, app) }

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
            // Rows first: how earlier pushes stand may take longer to write than they may wait.
            let isTimeForAll = isScanTime
            if isTimeForAll { await attempt(takeLoginsOver) }
            await attempt(scan)
            if isTimeForAll {
                await attempt(keepHouse)
            } else if leavesPasswords {
                await attempt(hashPasswords)
            }
        }
        ticker.cancel()
    }

    /// What fails is tried again, and holds up nothing else.
    private func attempt(_ body: () async throws -> Void) async {
        do {
            try await body()
        } catch {
            logger.warning("the message centre failed and tries again", metadata: ["error": "\(error)"])
        }
    }

    private var isScanTime: Bool { times.withLock { $0.nextScan <= dispatcher.clock.uptime } }

    var leavesPasswords: Bool {
        get { times.withLock { $0.leavesPasswords } }
        set { times.withLock { $0.leavesPasswords = newValue } }
    }

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
            var receivers = 0
            for row in rows {
                guard receivers < Self.receiversAtOnce else { return true }
                receivers += row.receivers.utf8.count
                let app = row.app.flatMap { apps[$0] } ?? apps[settings.appID]
                try CentreAction(app: app, settings: settings, serves: notices.serves, now: now)
                    .run(row, transaction, send)
            }
            return rows.count == batch || schedules.count == batch
        }
    }
}
