import ApusCore
import NIOCore

/// The body of `POST /msgpush/send` (seed 003), read straight from its bytes.
struct SendBody {
    var appID: String?
    var appKey: String?
    var tenant: String?
    var platform: String?
    var kind: String?
    var needsConfirmation: Bool?
    var duration: Int64?
    var audienceKind: String?
    var audiences: [String]?
    var alert: String?
    /// JSON text.
    var extra: String?
    var title: String?
    var uri: String?
    var apns: String?
    var sound: String?
    var badge: Int64?
    var sender: String?
    var senderDevice: String?
    var smsMessage: String?
    var listenFlag: String?
    var requestID: String?
    var escalation: [EscalationPlan.Step]?
    var options = SendOptions()
    /// Members that mean nothing here.
    var unknown: [String] = []
    private var problems = FieldProblems()

    /// - Throws: `ApusError` if the body is not a JSON object. What is wrong with members is found by `request`.
    init(_ body: ByteBuffer, limits: SendLimits) throws(ApusError) {
        try FieldProblems.eachMember(of: body) { (key, scanner) throws(JSONError) in
            try read(key, &scanner, limits)
        }
    }

    private mutating func read(_ key: JSONKey, _ scanner: inout JSONScanner, _ limits: SendLimits) throws(JSONError) {
        switch key {
        case "appId": appID = try scanner.text("appId", &problems)
        case "appKey": appKey = try scanner.text("appKey", &problems)
        case "tenantCode": tenant = try scanner.text("tenantCode", &problems)
        case "platform": platform = try scanner.text("platform", &problems)
        case "pushMsgType": kind = try scanner.text("pushMsgType", &problems)
        case "needConfirm": needsConfirmation = try scanner.flag("needConfirm", &problems)
        case "duration": duration = try scanner.integer("duration", &problems)
        case "audienceType": audienceKind = try scanner.text("audienceType", &problems)
        case "audiences": audiences = try scanner.texts("audiences", &problems, most: limits.audiences)
        case "alert": alert = try scanner.text("alert", &problems, longest: .max)
        case "extra": extra = try scanner.json()
        case "title": title = try scanner.text("title", &problems, longest: .max)
        case "uri": uri = try scanner.text("uri", &problems, longest: .max)
        case "apns": try readAPNs(&scanner)
        case "sound": sound = try scanner.text("sound", &problems)
        case "badge": badge = try scanner.integer("badge", &problems)
        case "sender": sender = try scanner.text("sender", &problems)
        case "sendDeive", "sendDevice": senderDevice = try scanner.text("sendDevice", &problems)
        case "smsMessage": smsMessage = try scanner.text("smsMessage", &problems, longest: .max)
        case "listenFlag": listenFlag = try scanner.text("listenFlag", &problems)
        case "escalate": try readEscalation(&scanner)
        case "requestId": requestID = try scanner.text("requestId", &problems)
        case "sendAt", "collapseKey", "priority", "localized", "platforms":
            try options.read(key, &scanner, &problems)
        default:
            if unknown.count < 16 { unknown.append(String(key.string.prefix(64))) }
            try scanner.skipValue()
        }
    }

    /// Options for APNs, which only its adapter understands.
    private mutating func readAPNs(_ scanner: inout JSONScanner) throws(JSONError) {
        let isObject = try [.object, .null].contains(scanner.kind())
        let text = try scanner.json()
        guard isObject else { return problems.wrongValue("apns", "must be an object") }
        guard let text else { return }
        if text.utf8.count > Self.longestAPNs {
            problems.wrongValue("apns", "must have at most \(Self.longestAPNs) bytes")
        }
        apns = text
    }

    private static let longestAPNs = 8192

    private mutating func readEscalation(_ scanner: inout JSONScanner) throws(JSONError) {
        guard try scanner.kind() != .null else { return try scanner.null() }
        escalation = try EscalationPlan.Step.list(from: &scanner) { problems.wrongValue("escalate", $0) }
    }

    /// The request that the body describes.
    /// - Parameters:
    ///   - appKey: the app's key, if the body does not have it.
    ///   - authorize: finds the app by id and key.
    /// - Throws: `ApusError` that names everything that is wrong.
    func request(
        idempotencyKey: String?, appKey: @autoclosure () -> String? = nil, limits: SendLimits,
        at now: @autoclosure () -> Timestamp,
        authorize: (_ appID: String, _ appKey: String) throws(ApusError) -> App
    ) throws(ApusError) -> PushRequest {
        var problems = problems
        let audience = audience(&problems)
        let appKey = self.appKey ?? appKey()
        let sendAt = options.sendAt(at: now(), &problems)
        if appID == nil { problems.missing("appId") }
        if appKey == nil { problems.missing("appKey") }
        if alert == nil { problems.missing("alert") }
        let kind = messageKind(&problems)
        let timeToLive = timeToLive(limits)
        if let escalation, !escalation.isEmpty, escalation.reduce(0, { $0 + $1.after }) >= timeToLive {
            problems.wrongValue(
                "escalate",
                "has steps later than \(timeToLive) seconds, when the message expires; give it a longer duration")
        }
        try problems.check()
        let app = try authorize(appID ?? "", appKey ?? "")
        let content = MessageContent(
            kind: kind, title: title, alert: alert ?? "", uri: uri, extra: extra, sound: sound, badge: badge,
            listenFlag: listenFlag ?? "NOTF", sender: sender, senderDevice: senderDevice, smsMessage: smsMessage,
            apns: apns, urgency: options.urgency, collapseKey: options.collapseKey, variants: options.variants)
        let size = content.largestSize
        guard size <= limits.payload else {
            throw ApusError(
                .tooLarge, code: "payload_too_large",
                "alert, title, uri, extra and smsMessage have \(size) bytes together, \(size - limits.payload) more than the "
                    + "\(limits.payload) allowed.")
        }
        var push = PushRequest(
            app: app.number, appID: app.id, audience: audience, content: content,
            needsConfirmation: needsConfirmation ?? false, timeToLive: timeToLive, sendAt: sendAt,
            idempotencyKey: idempotencyKey ?? requestID)
        push.escalation = escalation
        return push
    }

    private func messageKind(_ problems: inout FieldProblems) -> MessageContent.Kind {
        switch kind {
        case nil, "MSG"?: return .message
        case "CMD"?: return .command
        default:
            problems.wrongValue("pushMsgType", "must be MSG or CMD")
            return .message
        }
    }

    private func audience(_ problems: inout FieldProblems) -> Audience {
        var audience = Audience(.all, tenant: tenant ?? "")
        switch platform {
        case nil: problems.missing("platform")
        case "ALL"?: break
        case let name?:
            audience.platform = Platform(name: name)
            if audience.platform == nil { problems.wrongValue("platform", "must be ALL, ANDROID, IOS, PC or WEB") }
        }
        guard let audienceKind else {
            problems.missing("audienceType")
            if audiences == nil { problems.missing("audiences") }
            return audience
        }
        guard let kind = Audience.Kind.named.first(where: { $0.rawValue == audienceKind }) else {
            problems.wrongValue("audienceType", "must be ALIAS, TAG, DEVICE or ALL")
            return audience
        }
        audience.kind = kind
        if kind == .all { return audience }
        guard let audiences, let first = audiences.first else {
            problems.missing("audiences")
            return audience
        }
        if first.utf8.count == 3, first.uppercased() == "ALL" {
            audience.kind = .all
        } else {
            audience.values = audiences.count == 1 ? audiences : Self.unique(audiences)
        }
        return audience
    }

    /// Compared byte for byte, as the store does: Swift takes canonically equal strings for the same.
    private static func unique(_ values: [String]) -> [String] {
        var seen = Set<[UInt8]>()
        return values.filter { seen.insert(Array($0.utf8)).inserted }
    }

    /// A duration below 0 or beyond the longest becomes the longest, as in ONE-PUSH.
    private func timeToLive(_ limits: SendLimits) -> Int64 {
        guard let duration else { return limits.defaultTimeToLive }
        return duration < 0 || duration > limits.longestTimeToLive ? limits.longestTimeToLive : duration
    }
}

/// What a request to send may ask for. Sizes are bytes, times seconds.
package struct SendLimits: Sendable {
    package var payload = 4096
    package var audiences = 1000
    package var batch = 1000
    package var defaultTimeToLive: Int64 = 259_200
    package var longestTimeToLive: Int64 = 259_200

    package init() {}
}
