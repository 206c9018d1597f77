/// What JPush checks of a push besides its audience.
enum JPushRules {
    private static let platforms: Set = ["android", "ios", "winphone", "quickapp", "hmos"]
    private static let members: Set = [
        "cid", "platform", "audience", "notification", "message", "inapp_message", "sms_message", "options", "callback",
        "live_activity", "notification_3rd",
    ]
    private static let androidLimit = 4000
    private static let iosLimit = 2000
    private static let longestTimeToLive: Int64 = 864_000

    static func check(_ push: JSONValue) throws(VendorAnswer) {
        for member in push.members ?? [] where !members.contains(member.name) {
            throw JPushError.unknownMember.answer("there is no \(member.name)")
        }
        try checkPlatform(push["platform"])
        guard push["notification"] != nil || push["message"] != nil else {
            throw JPushError.missing.answer("notification and message are missing")
        }
        if let message = push["message"], message["msg_content"]?.string?.isEmpty ?? true {
            throw JPushError.missing.answer("message.msg_content is missing")
        }
        try checkSizes(push)
        try checkOptions(push["options"])
        if let sms = push["sms_message"] {
            guard let delay = sms["delay_time"]?.int, (0...86_400).contains(delay), sms["temp_id"] != nil else {
                throw JPushError.invalid.answer("sms_message needs temp_id and delay_time, of 86400 s at most")
            }
        }
    }

    private static func checkPlatform(_ value: JSONValue?) throws(VendorAnswer) {
        guard let value else { throw JPushError.missing.answer("platform is missing") }
        if value.string == "all" { return }
        guard let names = value.strings ?? value.string.map({ [$0] }), !names.isEmpty,
            names.allSatisfy(platforms.contains)
        else { throw JPushError.invalid.answer("platform must be \"all\" or some of \(platforms.sorted())") }
    }

    private static func checkSizes(_ push: JSONValue) throws(VendorAnswer) {
        let (notification, message) = (push["notification"], push["message"])
        let ios = notification?["ios"]?.byteCount ?? 0
        guard ios <= iosLimit else {
            throw JPushError.tooLong.answer("notification.ios has more than \(iosLimit) bytes")
        }
        let shown = (notification?["android"] ?? notification?["alert"])?.byteCount ?? 0
        guard shown + (message?.byteCount ?? 0) <= androidLimit else {
            throw JPushError.tooLong.answer("notification and message have more than \(androidLimit) bytes")
        }
    }

    private static func checkOptions(_ options: JSONValue?) throws(VendorAnswer) {
        guard let options else { return }
        if let number = options["sendno"]?.int, number == 0 { throw JPushError.invalid.answer("sendno must not be 0") }
        if let seconds = options["time_to_live"], !(0...longestTimeToLive).contains(seconds.int ?? -1) {
            throw JPushError.invalid.answer("time_to_live must be from 0 to \(longestTimeToLive)")
        }
        if let collapseID = options["apns_collapse_id"], collapseID.string?.utf8.count ?? 65 > 64 {
            throw JPushError.invalid.answer("apns_collapse_id has more than 64 bytes")
        }
        if let minutes = options["big_push_duration"], !(1...1400).contains(minutes.int ?? 0) {
            throw JPushError.invalid.answer("big_push_duration must be from 1 to 1400")
        }
    }
}
