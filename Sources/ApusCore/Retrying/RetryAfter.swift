/// The header `Retry-After` (RFC 9110 §10.2.3): seconds, or a date.
package enum RetryAfter {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// - Returns: seconds from `now` on, at least 0; nil if it is neither.
    package static func seconds(_ text: String, at now: Timestamp) -> Int64? {
        if let seconds = Int64(text) { return seconds >= 0 ? seconds : nil }
        return date(text).map { max(0, ($0.milliseconds - now.milliseconds + 999) / 1000) }
    }

    /// What a service may ask for: a day, in seconds.
    private static let longest: Int64 = 86_400

    /// Seconds to wait: what the service asks for, within bounds, or else `usual`.
    package static func seconds(_ text: String?, at now: Timestamp, otherwise usual: Int64) -> Int64 {
        text.flatMap { seconds($0, at: now) }.map { min(max($0, 1), longest) } ?? usual
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7). The two obsolete forms are not read.
    private static func date(_ text: String) -> Timestamp? {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[5] == "GMT", let month = months.firstIndex(of: String(parts[2])),
            let day = Int64(parts[1]), (1...31).contains(day), let year = Int64(parts[3]), (1970...9999).contains(year)
        else { return nil }
        let time = parts[4].split(separator: ":", omittingEmptySubsequences: false).compactMap { Int64($0) }
        guard time.count == 3, (0...23).contains(time[0]), (0...59).contains(time[1]), (0...60).contains(time[2]) else {
            return nil
        }
        let seconds = days(year, Int64(month) + 1, day) * 86_400 + time[0] * 3600 + time[1] * 60 + time[2]
        return Timestamp(milliseconds: seconds * 1000)
    }

    /// Days from 1970-01-01 on. Years start in March here, so that the leap day is the last.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return 365 * shiftedYear + shiftedYear / 4 - shiftedYear / 100 + shiftedYear / 400 + dayOfYear - 719_468
    }
}
