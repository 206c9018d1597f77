import Foundation

/// The messages that wait to be sent, in order; the first of them are under way in one request.
struct SendBacklog {
    struct Entry {
        let number: Int
        /// The message as a line of a batch.
        let line: Data
        /// After this it is not tried again.
        let deadline: ContinuousClock.Instant
    }

    /// Bytes of a request. Proxies often allow no more than a megabyte.
    private static let largestRequest = 512 << 10

    private let settings: Sender.Settings
    private var entries: [Entry] = []
    private var lastNumber = 0
    /// Messages in a request; less than what is set after the server has said that a request was too large.
    private var batchSize: Int

    init(_ settings: Sender.Settings) {
        self.settings = settings
        batchSize = max(settings.batchSize, 1)
    }

    /// Takes in a message and answers its number.
    mutating func add(_ line: Data, at now: ContinuousClock.Instant) throws(TooManyWaitingError) -> Int {
        guard entries.count < settings.capacity else { throw TooManyWaitingError(capacity: settings.capacity) }
        lastNumber += 1
        entries.append(Entry(number: lastNumber, line: line, deadline: now + settings.retryTime))
        return lastNumber
    }

    /// The messages of the next request, which stay here until they are removed.
    var batch: [Entry] {
        var size = 0
        let fitting = entries.prefix(batchSize).prefix { entry in
            size += entry.line.count + 1
            return size <= Self.largestRequest
        }
        return Array(fitting.isEmpty ? entries.prefix(1) : fitting)
    }

    /// These are done with.
    mutating func remove(_ numbers: Set<Int>) {
        entries.removeAll { numbers.contains($0.number) }
    }

    /// A request with so many messages was too large; there is no point in asking for less than one.
    mutating func shrink(below count: Int) {
        batchSize = max(1, count / 2)
    }
}

extension Sender {
    /// After what time at the earliest an attempt may succeed where one has failed; `nil` if none will.
    static func pause(after error: any Error) -> Duration? {
        switch error {
        case is UnreachableError: .zero
        case let error as APIError where error.status == 429 || error.status == 503:
            .seconds(max(0, error.retryAfter ?? 0))
        default: nil
        }
    }
}
