import ApusAPNs
import ApusCore
import ApusProviders
import ApusXMPP
import CoreMetrics
import Logging
import NIOCore

/// Whoever reaches devices that hold no connection of their own.
struct Vendors {
    let apns: APNsPushProvider
    /// Nil if the gateway is a component of no other server.
    let gateway: ComponentGateway?
    let sms: SMSNoticeSender
    let mail: MailNoticeSender
    /// Messages whose devices Umeng finds by itself.
    let umengJobs: UmengJobs?
    let webhooks: WebhookPoster
    private var others: [any PushProvider]

    init(
        _ configuration: Configuration, group: any EventLoopGroup, clock: any Clock, metrics: any MetricsFactory,
        logger: Logger
    ) throws {
        let policy: AddressPolicy
        do throws(ApusError) {
            policy = try AddressPolicy(allowing: configuration.outgoing.allow)
        } catch {
            throw StartingError(code: "wrong_configuration", description: "outgoing.allow: \(error.message)")
        }
        apns = APNsPushProvider(group: group, clock: clock, logger: logger, metrics: metrics)
        gateway = try ComponentGatewaySettings(configuration.unifiedPush).map {
            ComponentGateway($0, group: group, clock: clock, logger: logger)
        }
        others = [
            WebPushProvider(
                http: OutgoingHTTP(group: group, policy: policy), clock: clock, logger: logger,
                allowsPlainHTTP: configuration.webPush.allowsPlainHTTP)
        ]
        sms = SMSNoticeSender(
            group: group, policy: policy, clock: clock, quota: try Self.quota(configuration.business.smsPerDay),
            logger: logger)
        mail = MailNoticeSender(clock: clock, quota: try Self.quota(configuration.business.mailsPerDay), logger: logger)
        webhooks = WebhookPoster(
            http: OutgoingHTTP(group: group, policy: policy), policy: policy, clock: clock,
            timeLimit: .milliseconds(configuration.webhooks.timeout.milliseconds))
        others += VendorProviders.all(group: group, clock: clock, logger: logger)
        umengJobs = UmengJobs(among: others, clock: clock)
    }

    /// Half of a day's may come within an hour.
    private static func quota(_ perDay: Int) throws -> ReceiverLimits.Quota? {
        perDay == 0 ? nil : try ReceiverLimits.Quota(perHour: (perDay + 1) / 2, perDay: perDay)
    }

    /// Whoever uses credentials without being a vendor of pushes.
    var credentialHolders: [any CredentialHolder] { sms.credentialHolders + [mail.credentialHolder] }

    func shutdown() async {
        await withTaskGroup { group in
            for provider in all { group.addTask { await provider.shutdown() } }
            group.addTask { await sms.shutdown() }
            group.addTask { await mail.shutdown() }
        }
    }

    var all: [any PushProvider] { [apns] + (gateway.map { [$0] } ?? []) + others }
}
