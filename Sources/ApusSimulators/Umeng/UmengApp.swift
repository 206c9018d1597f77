/// An app at Umeng. The iOS and the Android version of an app are two.
package struct UmengApp: Sendable, Equatable {
    package enum Platform: String, Sendable {
        case ios
        case android

        /// The form of device tokens: 64 digits of base 16 on iOS, 44 characters on Android.
        func isToken(_ text: String) -> Bool {
            switch self {
            case .ios: text.utf8.count == 64 && text.allSatisfy(\.isHexDigit)
            case .android: text.utf8.count == 44
            }
        }
    }

    package let appKey: String
    package let masterSecret: String
    package let platform: Platform

    package init(appKey: String, masterSecret: String, platform: Platform) {
        self.appKey = appKey
        self.masterSecret = masterSecret
        self.platform = platform
    }
}
