package import ApusCore
package import Logging
package import NIOCore
import Synchronization

/// Sends notices as SMS, through the service that the app has a credential of.
package final class SMSNoticeSender: NotificationSender {
    package let mode = NotificationMode.sms
    private let http: OutgoingHTTP
    private let clock: any Clock
    private let logger: Logger
    private let quota: NoticeQuota
    private let gateways = Mutex<[Route: [AppNumber: SMSGateway]]>([:])

    /// - Parameter quota: of each receiver; nil for as many as there are.
    package init(
        group: any EventLoopGroup, policy: AddressPolicy, clock: any Clock, quota: ReceiverLimits.Quota?,
        logger: Logger
    ) {
        http = OutgoingHTTP(group: group, policy: policy)
        self.clock = clock
        self.logger = logger
        self.quota = NoticeQuota(quota, clock: clock)
    }

    /// Who keeps the credentials of each service.
    package var credentialHolders: [any CredentialHolder] {
        SMSGateway.routes.map { route in
            NoticeCredentials(route) { [http, clock] credential throws(ApusError) in
                _ = try SMSGateway(credential, http: http, clock: clock)
            } change: { [self] in
                use($0, of: route)
            }
        }
    }

    private func use(_ credentials: [Credential], of route: Route) {
        var used: [AppNumber: SMSGateway] = [:]
        for credential in credentials {
            do throws(ApusError) {
                used[credential.app] = try SMSGateway(credential, http: http, clock: clock)
            } catch {
                logger.error(
                    "an SMS credential cannot be used", metadata: ["app": "\(credential.appID)", "error": "\(error)"])
            }
        }
        let now = used
        gateways.withLock { $0[route] = now }
    }

    package func serves(_ app: AppNumber) -> Bool { gateway(of: app) != nil }

    private func gateway(of app: AppNumber) -> SMSGateway? {
        gateways.withLock { gateways in SMSGateway.routes.compactMap { gateways[$0]?[app] }.first }
    }

    package func submit(
        _ notification: OutgoingNotification, completion: @escaping @Sendable (NotificationOutcome) -> Void
    ) -> Bool {
        guard let gateway = gateway(of: notification.app) else {
            let known = SMSGateway.routes.map(\.rawValue).joined(separator: ", ")
            completion(.refused(reason: "The app has no SMS service. Add a credential of one of \(known)."))
            return true
        }
        let message: SMSMessage
        do throws(ApusError) {
            let notice = try NoticeText(notification)
            message = try SMSMessage(
                to: try PhoneNumber(notification.receiver),
                text: notice.title.isEmpty ? notice.text : "\(notice.title): \(notice.text)",
                parameters: notification.extra, id: notification.key)
        } catch {
            completion(.refused(reason: error.message))
            return true
        }
        if let completion = quota.admit(notification.receiver, completion) {
            gateway.send(message) { completion(NotificationOutcome($0)) }
        }
        return true
    }

    package func shutdown() async {
        await http.shutdown()
    }
}
