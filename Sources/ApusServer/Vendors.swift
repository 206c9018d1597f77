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
        others += VendorProviders.all(group: group, clock: clock, logger: logger)
    }

    var all: [any PushProvider] { [apns] + (gateway.map { [$0] } ?? []) + others }
}
