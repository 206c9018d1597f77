package import Foundation

/// A time that somebody chose: `2026-12-01T08:00:00+01:00`, or `2026-12-01 08:00` on the clocks of a time zone.
package enum ChosenTime {
    /// - Parameter zone: the zone if the text names none, an IANA name.
    /// - Throws: `ApusError` that says what it should be.
    package static func parse(_ text: String, zone: String) throws(ApusError) -> Timestamp {
        let zone = try checkedZone(zone)
        guard let time = parse(text[...], zone) else {
            throw ApusError(
                .invalid, code: "invalid_time",
                "\"\(text)\" is no time: write it as 2026-12-01T08:00:00+01:00 or 2026-12-01 08:00:00.")
        }
        return time
    }

    /// A time with its offset (RFC 3339); nil if it is something else.
    package static func rfc3339(_ text: String) -> Timestamp? {
        // UTC stands for a zone that the text has to name itself.
        guard text.last.map({ $0 == "Z" || $0 == "z" }) ?? false || text.dropFirst(19).contains(where: "+-".contains)
        else { return nil }
        return TimeZone(identifier: "UTC").flatMap { parse(text[...], $0) }
    }

    /// - Throws: `ApusError` if there is no such time zone.
    package static func checkedZone(_ name: String) throws(ApusError) -> TimeZone {
        guard let zone = TimeZone(identifier: name) else {
            throw ApusError(
                .invalid, code: "invalid_time_zone", "There is no time zone \(name): name one such as Asia/Shanghai.")
        }
        return zone
    }

    private static func parse(_ text: Substring, _ zone: TimeZone) -> Timestamp? {
        var rest = text
        guard let year = number(&rest, 4), take("-", &rest), let month = number(&rest, 2), take("-", &rest),
            let day = number(&rest, 2), take("T", &rest) || take("t", &rest) || take(" ", &rest),
            let hour = number(&rest, 2), take(":", &rest), let minute = number(&rest, 2)
        else { return nil }
        let second = take(":", &rest) ? number(&rest, 2) : 0
        guard let second, hour < 24, minute < 60, second < 60, (1...12).contains(month), (1...31).contains(day),
            year >= 1970
        else { return nil }
        if take(".", &rest) {
            guard rest.first?.isNumber ?? false else { return nil }
            rest = rest.drop { $0.isNumber }
        }
        let days = days(year, month, day)
        guard Timestamp.date(days) == (year, month, day) else { return nil }
        let local = (days * 86_400 + hour * 3600 + minute * 60 + second) * 1000
        if rest.isEmpty {
            switch LocalTime(day: days, minute: hour * 60 + minute).instants(in: zone) {
            case .missing(let time), .once(let time), .twice(let time, _): return time.adding(seconds: second)
            }
        }
        return offset(rest).map { Timestamp(milliseconds: local - $0 * 1000) }
    }

    /// Seconds east of UTC.
    private static func offset(_ text: Substring) -> Int64? {
        var rest = text
        if text == "Z" || text == "z" { return 0 }
        let isEast = take("+", &rest)
        guard isEast || take("-", &rest), let hours = number(&rest, 2), take(":", &rest) || !rest.isEmpty,
            let minutes = number(&rest, 2), rest.isEmpty, hours < 24, minutes < 60
        else { return nil }
        return (isEast ? 1 : -1) * (hours * 3600 + minutes * 60)
    }

    private static func take(_ mark: Character, _ text: inout Substring) -> Bool {
        guard text.first == mark else { return false }
        text.removeFirst()
        return true
    }

    private static func number(_ text: inout Substring, _ digits: Int) -> Int64? {
        let part = text.prefix(digits)
        guard part.utf8.count == digits, part.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        text = text.dropFirst(digits)
        return Int64(part)
    }

    /// The day counted from 1970-01-01; the inverse of `Timestamp.date`.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
