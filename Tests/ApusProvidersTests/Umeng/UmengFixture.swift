import ApusCore
import ApusSimulators
import ApusTestKit

@testable import ApusProviders

typealias UmengFixture = VendorFixture<UmengVendor>

extension VendorFixture where V == UmengVendor {
    static let secret = #"{"masterSecret":"SECRET"}"#

    static func settings(_ platform: String, _ endpoint: String, _ more: String = "") -> String {
        #"{"platform":"\#(platform)","appKey":"AK-\#(platform)","endpoint":"\#(endpoint)"\#(more)}"#
    }

    static func token(_ number: Int) -> String {
        let digits = String(number)
        return "A" + String(repeating: "0", count: 43 - digits.count) + digits
    }

    static func withUmeng(
        platforms: [String] = ["android", "ios"], _ more: String = "",
        _ body: (UmengFixture) async throws -> Void
    ) async throws {
        let apps = [("android", UmengApp.Platform.android), ("ios", .ios)].map { name, platform in
            UmengApp(appKey: "AK-\(name)", masterSecret: "SECRET", platform: platform)
        }
        try await with(
            UmengService(apps: apps),
            credentials: { origin in platforms.map { (settings($0, origin, more), secret) } }, body)
    }
}
