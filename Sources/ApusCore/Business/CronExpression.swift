package import Foundation

/// When something recurs: minute, hour, day of the month, month and day of the week, as in crontab(5).
///
/// Each field is `*`, a number, a range (`1-5`), a step (`*/10`, `1-31/2`) or a list of these with commas; months and
/// days of the week may be three English letters. As in cron, a day matches if either the day of the month or the day of
/// the week does, unless one of the two is `*`. `@hourly`, `@daily`, `@weekly`, `@monthly` and `@yearly` are short forms.
package struct CronExpression: Sendable, Equatable {
    private let minutes: CronField
    private let hours: CronField
    private let days: CronField
    private let months: CronField
    private let weekdays: CronField

    private static let shortForms = [
        "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
        "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
    ]

    /// - Throws: `ApusError` that says which field is wrong.
    package init(_ text: String) throws(ApusError) {
        let fields = (Self.shortForms[text.trimmed.lowercased()] ?? text).split(whereSeparator: \.isWhitespace)
        guard fields.count == 5 else {
            throw CronField.error(
                text, "must have five fields: minute, hour, day of the month, month, day of the week")
        }
        minutes = try CronField(fields[0], 0...59, "minute")
        hours = try CronField(fields[1], 0...23, "hour")
        days = try CronField(fields[2], 1...31, "day of the month")
        months = try CronField(fields[3], 1...12, "month", names: CronField.months)
        weekdays = try CronField(fields[4], 0...7, "day of the week", names: CronField.weekdays)
    }

    /// The first time after `time`; nil if there is none in the next 30 years (31 February) or no such time zone.
    package func next(after time: Timestamp, in zone: String) -> Timestamp? {
        TimeZone(identifier: zone).flatMap { next(after: time, in: $0) }
    }

    /// Where clocks are put forward, what falls into the missing hour comes as much later as they are put forward, once;
    /// where they are put back, what has a chosen hour comes the first of the two times only.
    package func next(after time: Timestamp, in zone: TimeZone) -> Timestamp? {
        let local = LocalTime(time, in: zone)
        // The day before, too: its last times may fall behind midnight, or midnight may come twice.
        for day in (local.day - 1)...(local.day + 366 * 30) where matches(day: day) {
            if let first = times(of: day, in: zone).filter({ $0 > time }).min() { return first }
        }
        return nil
    }

    private func matches(day: Int64) -> Bool {
        let (_, month, dayOfMonth) = Timestamp.date(day)
        guard months.contains(Int(month)) else { return false }
        // 1 January 1970 was a Thursday.
        let weekday = Int(((day + 4) % 7 + 7) % 7)
        let isDay = days.contains(Int(dayOfMonth))
        let isWeekday = weekdays.contains(weekday) || (weekday == 0 && weekdays.contains(7))
        return days.isAny || weekdays.isAny ? isDay && isWeekday : isDay || isWeekday
    }

    private func times(of day: Int64, in zone: TimeZone) -> [Timestamp] {
        var times: [Timestamp] = []
        for hour in hours.values {
            for minute in minutes.values {
                let instants = LocalTime(day: day, minute: Int64(hour * 60 + minute)).instants(in: zone)
                switch instants {
                case .missing(let later): if !hours.isAny { times.append(later) }
                case .once(let time): times.append(time)
                case .twice(let first, let second): times += hours.isAny ? [first, second] : [first]
                }
            }
        }
        return times
    }
}

/// One field: the values that it lets through.
struct CronField: Sendable, Equatable {
    let values: [Int]
    /// Whether it began with `*`: it then stands for no choice of its own.
    let isAny: Bool

    static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    static let weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

    init(_ text: Substring, _ range: ClosedRange<Int>, _ name: String, names: [String] = []) throws(ApusError) {
        var values: Set<Int> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let (span, step) = Self.halves(part, "/")
            let (low, high) = Self.halves(span, "-")
            let isAll = low == "*" && high == nil
            let first = isAll ? range.lowerBound : Self.number(low, range, names)
            let last =
                isAll
                ? range.upperBound
                : high.map { Self.number($0, range, names) } ?? (step == nil ? first : range.upperBound)
            let stride = step.map { Int($0) ?? 0 } ?? 1
            guard let first, let last, first <= last, stride > 0, range.contains(first), range.contains(last) else {
                throw Self.error(String(text), "is no \(name) (\(range.lowerBound) to \(range.upperBound))")
            }
            values.formUnion(Swift.stride(from: first, through: last, by: stride))
        }
        self.values = values.sorted()
        isAny = text.first == "*"
    }

    func contains(_ value: Int) -> Bool { values.contains(value) }

    private static func halves(_ text: Substring, _ mark: Character) -> (Substring, Substring?) {
        let parts = text.split(separator: mark, maxSplits: 1, omittingEmptySubsequences: false)
        return (parts[0], parts.count == 2 ? parts[1] : nil)
    }

    private static func number(_ text: Substring, _ range: ClosedRange<Int>, _ names: [String]) -> Int? {
        if let index = names.firstIndex(of: text.lowercased()) { return index + (range.lowerBound == 1 ? 1 : 0) }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(text)
    }

    static func error(_ text: String, _ problem: String) -> ApusError {
        ApusError(.invalid, code: "invalid_cron", "The cron expression \"\(text)\" \(problem).")
    }
}
