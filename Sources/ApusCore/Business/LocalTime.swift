import Foundation

/// What a clock on the wall shows: a day, counted from 1970-01-01, and a minute of it.
struct LocalTime: Sendable, Equatable {
    /// The moments at which a clock shows it.
    enum Instants: Sendable, Equatable {
        /// It is skipped, as clocks are put forward; that much later is this.
        case missing(later: Timestamp)
        case once(Timestamp)
        case twice(Timestamp, Timestamp)
    }

    let day: Int64
    let minute: Int64

    init(day: Int64, minute: Int64) {
        self.day = day
        self.minute = minute
    }

    init(_ time: Timestamp, in zone: TimeZone) {
        let local = time.milliseconds + Self.offset(time.milliseconds, zone)
        day = Int64((Double(local) / 86_400_000).rounded(.down))
        minute = (local - day * 86_400_000) / 60_000
    }

    func instants(in zone: TimeZone) -> Instants {
        let local = day * 86_400_000 + minute * 60_000
        // No zone puts its clocks forward and back within two days.
        let (before, after) = (Self.offset(local - 86_400_000, zone), Self.offset(local + 86_400_000, zone))
        let matching = Set([before, after]).filter { Self.offset(local - $0, zone) == $0 }.map { local - $0 }.sorted()
        return switch matching.count {
        case 0: .missing(later: Timestamp(milliseconds: local - before))
        case 1: .once(Timestamp(milliseconds: matching[0]))
        default: .twice(Timestamp(milliseconds: matching[0]), Timestamp(milliseconds: matching[1]))
        }
    }

    private static func offset(_ milliseconds: Int64, _ zone: TimeZone) -> Int64 {
        Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(milliseconds) / 1000))) * 1000
    }
}
