import ApusCore

extension Timestamp {
    /// Whether it is at most so many milliseconds before or after another.
    func isWithin(milliseconds: Int64, of other: Timestamp) -> Bool {
        (other.adding(milliseconds: -milliseconds)...other.adding(milliseconds: milliseconds)).contains(self)
    }

    /// Reads a date and a time of the day with one character between them, such as `2026-11-21 16:00:00`.
    /// - Parameter hoursEast: the time zone; Beijing's is 8.
    /// - Returns: nil if it is no such text.
    init?(civilTime text: some StringProtocol, separator: Character, hoursEast: Int64 = 0) {
        let halves = text.split(separator: separator, omittingEmptySubsequences: false)
        guard halves.count == 2,
            let date = Self.numbers(halves[0], separator: "-", widths: [4, 2, 2]),
            let time = Self.numbers(halves[1], separator: ":", widths: [2, 2, 2]),
            (1...12).contains(date[1]), (1...31).contains(date[2]),
            (0...23).contains(time[0]), (0...59).contains(time[1]), (0...60).contains(time[2])
        else { return nil }
        let days = Self.days(year: date[0], month: date[1], day: date[2])
        let seconds = days * 86_400 + (time[0] - hoursEast) * 3600 + time[1] * 60 + time[2]
        self.init(milliseconds: seconds * 1000)
    }

    private static func numbers(_ text: some StringProtocol, separator: Character, widths: [Int]) -> [Int64]? {
        let parts = text.split(separator: separator, omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == widths else { return nil }
        let numbers = parts.compactMap { $0.allSatisfy(\.isNumber) ? Int64($0) : nil }
        return numbers.count == widths.count ? numbers : nil
    }

    /// Days since 1970-01-01 in the Gregorian calendar. Years start in March here, so that the leap day is the last.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let year = month > 2 ? year : year - 1
        let era = year / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
