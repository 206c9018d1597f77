import ApusCore
import ApusTestKit
import Logging
import NIOPosix
import Testing

@testable import ApusProviders

@Suite("VendorProviders")
struct VendorProvidersTests {
    @Test("every vendor is there once, and reaches its own devices alone")
    func all() async {
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let providers = VendorProviders.all(
            group: MultiThreadedEventLoopGroup.singleton, clock: ManualClock(), logger: logger)
        #expect(providers.map(\.route) == [.umeng, .jpush, .getui, .fcm])
        for provider in providers {
            #expect(provider.reaches(.android, provider.route))
            #expect(!provider.reaches(.android, nil))
            #expect(!provider.reaches(.ios, .apns))
            #expect(!provider.serves(AppNumber(1)))
            await provider.shutdown()
        }
    }
}
