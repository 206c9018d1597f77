import ApusCore

/// The date of a mail (RFC 5322 §3.3): `Sat, 21 Nov 2026 08:00:00 +0000`.
enum MailDate {
    /// 1970-01-01 was a Thursday.
    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    static func text(_ time: Timestamp) -> String {
        // 2026-11-21T08:00:00.000Z
        let parts = time.rfc3339.split { "-T.".contains($0) }
        let weekday = weekdays[Int(max(0, time.milliseconds) / 86_400_000 % 7)]
        let month = months[(Int(parts[1]) ?? 1) - 1]
        return "\(weekday), \(parts[2]) \(month) \(parts[0]) \(parts[3]) +0000"
    }
}
