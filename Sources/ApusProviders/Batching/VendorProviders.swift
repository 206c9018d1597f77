package import ApusCore
package import Logging
package import NIOCore

/// The vendors whose services are spoken to over HTTP with an app's credential, apart from Web Push.
package enum VendorProviders {
    /// One line for each vendor.
    private static let vendors: [any Vendor.Type] = [
        UmengVendor.self,
        JPushVendor.self,
        GetuiVendor.self,
        FCMVendor.self,
    ]

    package static func all(
        group: any EventLoopGroup, clock: any Clock, logger: Logger
    ) -> [any PushProvider] {
        vendors.map { provider(of: $0, group, clock, logger) }
    }

    private static func provider<V: Vendor>(
        of vendor: V.Type, _ group: any EventLoopGroup, _ clock: any Clock, _ logger: Logger
    ) -> any PushProvider {
        BatchingProvider<V>(
            http: OutgoingHTTP(group: group, connectionsPerHost: V.requestLimit), eventLoop: group.next(), clock: clock,
            logger: logger)
    }
}
