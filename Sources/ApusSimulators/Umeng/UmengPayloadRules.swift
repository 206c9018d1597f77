import ApusCore

/// What Umeng checks of a payload.
enum UmengPayloadRules {
    /// Bytes of a payload for Android, and for iOS as APNs has it.
    private static let limits: [UmengApp.Platform: Int] = [.android: 1840, .ios: 4096]

    /// - Throws: the refusal.
    static func check(_ payload: JSONValue?, _ platform: UmengApp.Platform) throws(VendorAnswer) {
        guard let payload, payload.members != nil else { throw UmengError.answer(1001) }
        guard payload.byteCount <= limits[platform, default: 0] else { throw UmengError.answer(2022) }
        switch platform {
        case .android: try checkAndroid(payload)
        case .ios: try checkIOS(payload)
        }
    }

    private static func checkAndroid(_ payload: JSONValue) throws(VendorAnswer) {
        guard let displayType = payload["display_type"]?.string else { throw UmengError.answer(1004) }
        guard let body = payload["body"], body.members != nil else { throw UmengError.answer(1002) }
        if displayType == "message" {
            guard body["custom"] != nil else { throw UmengError.answer(1003) }
            return
        }
        guard displayType == "notification" else { throw UmengError.answer(1019) }
        for (name, code) in [("ticker", 1008), ("title", 1009), ("text", 1010)] where isMissing(body[name]) {
            throw UmengError.answer(code)
        }
        let needed: (name: String, code: Int)? =
            switch body["after_open"]?.string {
            case "go_url": ("url", 1022)
            case "go_activity": ("activity", 1024)
            case "go_custom": ("custom", 1003)
            default: nil
            }
        if let needed, isMissing(body[needed.name]) { throw UmengError.answer(needed.code) }
        if let extra = payload["extra"], extra.members == nil { throw UmengError.answer(1026) }
    }

    private static func checkIOS(_ payload: JSONValue) throws(VendorAnswer) {
        guard let aps = payload["aps"], aps.members != nil,
            aps["content-available"]?.int == 1 || !isMissing(aps["alert"])
        else { throw UmengError.answer(2025) }
        guard payload["d"] == nil, payload["p"] == nil else { throw UmengError.answer(5002) }
    }

    private static func isMissing(_ value: JSONValue?) -> Bool {
        value == nil || value?.string?.isEmpty == true
    }
}
