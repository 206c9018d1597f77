import ApusCore

/// When a vendor is asked how a job stands that it never calls done, as devices get its messages when they come online.
enum ReportTimes {
    /// Seconds from the message on, after which nothing is asked any more.
    private static let end: Int64 = 3600

    /// More and more rarely: when a quarter more time has passed since the message.
    static func isDue(_ task: VendorTask, at now: Timestamp) -> Bool {
        let age = now.milliseconds - task.message.time.milliseconds
        return now.milliseconds - task.status.at.milliseconds >= min(age, end * 1000) / 5
    }

    /// Whether what is asked now is the last.
    static func isLast(_ task: VendorTask, at now: Timestamp) -> Bool {
        task.message.time.adding(seconds: end) <= now
    }
}
