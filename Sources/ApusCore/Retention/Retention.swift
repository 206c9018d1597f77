/// How long messages are kept. One is removed when it is too old or too many came after it, but never before it expired.
/// What waits for its time is as old as that.
package struct Retention: Sendable, Equatable {
    /// Seconds since the message was accepted.
    package var age: Int64
    /// How many messages of an app, the latest ones; 0 is as many as there are.
    package var count: Int64

    package init(age: Int64, count: Int64 = 0) {
        self.age = age
        self.count = count
    }
}

/// What holds for one app's messages; nil is as for the messages of all apps.
package struct AppRetention: Sendable, Equatable {
    package var age: Int64?
    package var count: Int64?

    package static let ages: ClosedRange<Int64> = 60...3650 * 86_400
    package static let counts: ClosedRange<Int64> = 0...10_000_000

    package init(age: Int64? = nil, count: Int64? = nil) {
        self.age = age
        self.count = count
    }

    package func completed(by standard: Retention) -> Retention {
        Retention(age: age ?? standard.age, count: count ?? standard.count)
    }
}
