package import ApusCore
package import Logging
import Synchronization

/// Sends notices as e-mail, through the mail server that the app has a credential of.
package final class MailNoticeSender: NotificationSender {
    package let mode = NotificationMode.email
    private let clock: any Clock
    private let logger: Logger
    private let quota: NoticeQuota
    private let mailers = Mutex<[AppNumber: (mailer: SMTPMailer, since: Timestamp)]>([:])

    /// - Parameter quota: of each receiver; nil for as many as there are.
    package init(clock: any Clock, quota: ReceiverLimits.Quota?, logger: Logger) {
        self.clock = clock
        self.logger = logger
        self.quota = NoticeQuota(quota, clock: clock)
    }

    /// Who keeps the credentials.
    package var credentialHolder: any CredentialHolder {
        NoticeCredentials(.smtp) { credential throws(ApusError) in
            _ = try SMTPSettings(credential)
        } change: { [self] in
            await use($0)
        }
    }

    /// A credential that stayed the same keeps its connection.
    private func use(_ credentials: [Credential]) async {
        var used: [AppNumber: (mailer: SMTPMailer, since: Timestamp)] = [:]
        let earlier = mailers.withLock { $0 }
        for credential in credentials {
            if let same = earlier[credential.app], same.since == credential.createdAt {
                used[credential.app] = same
                continue
            }
            do throws(ApusError) {
                used[credential.app] = (try SMTPMailer(credential, clock: clock), credential.createdAt)
            } catch {
                logger.error(
                    "an SMTP credential cannot be used", metadata: ["app": "\(credential.appID)", "error": "\(error)"])
            }
        }
        let now = used
        mailers.withLock { $0 = now }
        for (app, old) in earlier where now[app]?.mailer !== old.mailer { await old.mailer.shutdown() }
    }

    package func serves(_ app: AppNumber) -> Bool { mailers.withLock { $0[app] != nil } }

    package func submit(
        _ notification: OutgoingNotification, completion: @escaping @Sendable (NotificationOutcome) -> Void
    ) -> Bool {
        guard let mailer = mailers.withLock({ $0[notification.app]?.mailer }) else {
            completion(.refused(reason: "The app has no mail server. Add a credential of smtp."))
            return true
        }
        let mail: MailMessage
        do throws(ApusError) {
            let notice = try NoticeText(notification)
            mail = try MailMessage(
                from: mailer.settings.from, to: try MailAddress(notification.receiver), subject: notice.title,
                text: notice.text, id: notification.key)
        } catch {
            completion(.refused(reason: error.message))
            return true
        }
        if let completion = quota.admit(notification.receiver, completion) {
            mailer.send(mail) { completion(NotificationOutcome($0)) }
        }
        return true
    }

    package func shutdown() async {
        for entry in mailers.withLock({ Array($0.values) }) { await entry.mailer.shutdown() }
    }
}
