import ApusCore
import NIOCore

/// The body of `POST /v1/schedules`.
struct ScheduleBody {
    private(set) var appID: String?
    private var title: String?
    private var content: String?
    private var extra: String?
    private var mode: String?
    private var level: Int64?
    private var receivers: [String]?
    private var sendAt: String?
    private var cron: String?
    private var timeZone: String?
    private var problems = FieldProblems()

    private static let mostReceivers = 10_000

    init(_ body: ByteBuffer) throws(ApusError) {
        try FieldProblems.eachMember(of: body) { (key, scanner) throws(JSONError) in
            switch key {
            case "appId": appID = try scanner.text("appId", &problems)
            case "title": title = try scanner.text("title", &problems)
            case "content": content = try scanner.text("content", &problems, longest: 64 << 10)
            case "extra": extra = try scanner.json()
            case "mode": mode = try scanner.text("mode", &problems)
            case "level": level = try scanner.integer("level", &problems)
            case "receivers":
                receivers = try scanner.texts("receivers", &problems, longest: 64 << 10, most: Self.mostReceivers)
            case "sendAt": sendAt = try scanner.text("sendAt", &problems)
            case "cron": cron = try scanner.text("cron", &problems)
            case "timeZone": timeZone = try scanner.text("timeZone", &problems)
            default: try scanner.skipValue()
            }
        }
    }

    /// - Throws: an error that names all that is wrong.
    func schedule(for app: App, at now: Timestamp) throws(ApusError) -> Schedule {
        var problems = problems
        let receivers = (receivers ?? []).joined(separator: ",")
        if (content ?? "").isEmpty { problems.missing("content") }
        if ReceiverList(receivers).numbers.isEmpty { problems.missing("receivers") }
        let mode = NotificationMode(rawValue: mode ?? NotificationMode.push.rawValue)
        if mode == nil { problems.wrongValue("mode", "must be push, sms or email") }
        if let level, !(1...10).contains(level) { problems.wrongValue("level", "must be 1 to 10") }
        try problems.check()
        _ = try ExtraParameters(extra)
        let zone = timeZone ?? "UTC"
        let chosen = try sendAt.map { text throws(ApusError) in try ChosenTime.parse(text, zone: zone) }
        if let chosen, chosen < now.adding(seconds: -60) {
            throw ApusError(
                .invalid, code: "invalid_time", "sendAt is \(chosen.rfc3339), which is past. Leave it out to send now.")
        }
        return Schedule(
            row: CentreRow(
                title: title ?? "", content: content ?? "", extra: extra, mode: (mode ?? .push).rawValue,
                level: level ?? 1, receivers: receivers, app: app.number),
            appID: app.id, next: try first(chosen, zone, now), cron: cron, timeZone: zone, createdAt: now)
    }

    private func first(_ chosen: Timestamp?, _ zone: String, _ now: Timestamp) throws(ApusError) -> Timestamp {
        guard let cron else {
            _ = try ChosenTime.checkedZone(zone)
            return chosen ?? now
        }
        let expression = try CronExpression(cron)
        let zone = try ChosenTime.checkedZone(zone)
        // A chosen time is the earliest; if the expression has that minute, it is the first.
        let start = chosen.map { max($0.adding(milliseconds: -1), now) } ?? now
        guard let next = expression.next(after: start, in: zone) else {
            throw ApusError(.invalid, code: "invalid_cron", "The cron expression \"\(cron)\" never comes.")
        }
        return next
    }
}
