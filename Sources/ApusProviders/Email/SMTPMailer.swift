package import ApusCore
import Dispatch
package import NIOCore
import Synchronization

/// Sends mails through one mail server, one after the other over one connection, on a queue of its own.
package final class SMTPMailer: Sendable {
    private struct State {
        var waiting = 0
        /// Mails fare no better before that.
        var pausedUntil: NIODeadline?
        var isStopping = false
        /// What is under way is to be broken off.
        var isGivingUp = false
    }

    package let settings: SMTPSettings
    private let clock: any Clock
    private let limit: Int
    private let queue = DispatchQueue(label: "apus.smtp")
    private let connection: SMTPConnection
    private let state = Mutex(State())

    /// - Parameter limit: mails that may wait.
    /// - Throws: `ApusError` that says what is wrong with the credential.
    package convenience init(_ credential: Credential, clock: any Clock, limit: Int = 256) throws(ApusError) {
        self.init(try SMTPSettings(credential), clock: clock, limit: limit, SMTPConnection.Limits())
    }

    init(_ settings: SMTPSettings, clock: any Clock, limit: Int, _ limits: SMTPConnection.Limits) {
        self.settings = settings
        self.clock = clock
        self.limit = limit
        connection = SMTPConnection(settings, limits)
    }

    /// - Parameter completion: called exactly once, on any thread; it must not block.
    package func send(_ mail: MailMessage, completion: @escaping @Sendable (SendOutcome) -> Void) {
        let refusal = state.withLock { state -> SendOutcome? in
            if state.isStopping { return Self.stopping }
            guard state.waiting < limit else {
                let detail = "As many mails wait as may, \(limit)."
                return SendOutcome(.putOff(after: 1), code: "smtp.busy", detail: detail)
            }
            state.waiting += 1
            return nil
        }
        if let refusal { return completion(refusal) }
        queue.async { [self] in
            let outcome = sendNow(mail)
            state.withLock { $0.waiting -= 1 }
            completion(outcome)
        }
    }

    private func sendNow(_ mail: MailMessage) -> SendOutcome {
        let now = clock.uptime
        let (isStopping, pausedUntil) = state.withLock { ($0.isStopping, $0.pausedUntil) }
        if isStopping { return Self.stopping }
        if let pausedUntil, now < pausedUntil {
            let seconds = (pausedUntil - now).nanoseconds / 1_000_000_000 + 1
            return SendOutcome(
                .putOff(after: seconds), code: "smtp.paused",
                detail: "The mail server is in trouble. It is tried again in \(seconds) seconds.")
        }
        let attempt = connection.send(mail, encoded: mail.encoded(at: clock.now), isCancelled: { self.isGivingUp })
        let until = attempt.pause.map { clock.uptime + .seconds($0) }
        state.withLock { $0.pausedUntil = until }
        return attempt.outcome
    }

    private var isGivingUp: Bool { state.withLock { $0.isGivingUp } }

    private static let stopping = SendOutcome(
        .putOff(after: 1), code: "smtp.stopping", detail: "The server is stopping.")

    /// Takes no more, and waits a while for the mail under way. All completions have been called when it returns.
    /// - Parameter drainTime: how long it waits before it gives up that mail.
    package func shutdown(drainTime: TimeAmount = .seconds(5)) async {
        state.withLock { $0.isStopping = true }
        let givingUp = DispatchWorkItem { self.state.withLock { $0.isGivingUp = true } }
        DispatchQueue.global().asyncAfter(
            deadline: .now() + .nanoseconds(Int(drainTime.nanoseconds)), execute: givingUp)
        await withCheckedContinuation { continuation in
            queue.async {
                self.connection.close()
                continuation.resume()
            }
        }
        givingUp.cancel()
    }
}
