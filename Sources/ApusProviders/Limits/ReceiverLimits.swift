package import ApusCore

/// How many messages a receiver gets in an hour and in a day: a state machine without I/O. It is exact: at no time are
/// there more in the hour, or the day, before.
///
/// It forgets everything when the server stops, and the receivers that have been quiet the longest when there are too
/// many.
package struct ReceiverLimits: Sendable {
    package struct Quota: Sendable, Equatable {
        /// The most that may be asked for in a day, as each is remembered.
        package static let most = 1000

        package let perHour: Int
        package let perDay: Int

        /// - Throws: `ApusError` if one of them is not from 1 to `most`, or more are allowed an hour than a day.
        package init(perHour: Int, perDay: Int) throws(ApusError) {
            guard (1...Self.most).contains(perDay), (1...perDay).contains(perHour) else {
                throw ApusError(
                    .invalid, code: "limits_invalid",
                    "A receiver's limits are 1 to \(Self.most) a day, and an hour at least 1 and at most as many.")
            }
            self.perHour = perHour
            self.perDay = perDay
        }
    }

    private static let hour: Int64 = 3_600_000
    private static let day: Int64 = 86_400_000

    private let quota: Quota
    private let capacity: Int
    /// When each receiver got its last ones, the oldest first.
    private var times: [String: [Timestamp]] = [:]

    /// - Parameter capacity: receivers that are remembered.
    package init(_ quota: Quota, capacity: Int = 50_000) {
        self.quota = quota
        self.capacity = max(2, capacity)
    }

    /// Counts a message for the receiver, if it may have one.
    /// - Returns: nil if so, otherwise after how many seconds it may.
    package mutating func take(_ receiver: String, at now: Timestamp) -> Int64? {
        var sent = recent(times[receiver] ?? [], at: now)
        let free = max(
            earliest(sent, quota.perHour, within: Self.hour), earliest(sent, quota.perDay, within: Self.day))
        guard free <= now else {
            times[receiver] = sent
            return (free.milliseconds - now.milliseconds + 999) / 1000
        }
        if times[receiver] == nil { makeRoom(at: now) }
        sent.append(now)
        times[receiver] = sent
        return nil
    }

    /// The message that was counted then was not sent after all.
    package mutating func giveBack(_ receiver: String, takenAt time: Timestamp) {
        guard let index = times[receiver]?.lastIndex(of: time) else { return }
        times[receiver]?.remove(at: index)
        if times[receiver]?.isEmpty == true { times[receiver] = nil }
    }

    /// How many receivers are remembered.
    package var count: Int { times.count }

    /// When one more may be sent, so that there are not more than `most` within that time.
    private func earliest(_ sent: [Timestamp], _ most: Int, within window: Int64) -> Timestamp {
        guard sent.count >= most else { return Timestamp(milliseconds: .min) }
        return sent[sent.count - most].adding(milliseconds: window)
    }

    /// What counts at that time. If the clock was set back, what lies ahead of it counts as just sent.
    private func recent(_ sent: [Timestamp], at now: Timestamp) -> [Timestamp] {
        sent.drop { $0.adding(milliseconds: Self.day) <= now }.map { min($0, now) }
    }

    private mutating func makeRoom(at now: Timestamp) {
        guard times.count >= capacity else { return }
        times = times.filter { !recent($0.value, at: now).isEmpty }
        guard times.count >= capacity else { return }
        let quiet = times.sorted { ($0.value.last ?? now) < ($1.value.last ?? now) }.prefix(capacity / 4 + 1)
        for (receiver, _) in quiet { times[receiver] = nil }
    }
}
