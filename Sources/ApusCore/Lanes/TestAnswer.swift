import NIOCore
import Synchronization

/// The answer to a test: the vendor's, or that none came in time. The first counts.
final class TestAnswer: Sendable {
    /// Less than clients wait for an answer.
    private static let time = TimeAmount.seconds(20)

    private let continuation: Mutex<CheckedContinuation<VendorOutcome, any Error>?>

    init(_ continuation: CheckedContinuation<VendorOutcome, any Error>) {
        self.continuation = Mutex(continuation)
    }

    func give(_ result: Result<VendorOutcome, any Error>) {
        let continuation = continuation.withLock { continuation in
            defer { continuation = nil }
            return continuation
        }
        continuation?.resume(with: result)
    }

    func expire(on eventLoop: (any EventLoop)?, _ fail: @escaping @Sendable () -> Void) {
        eventLoop?.scheduleTask(in: Self.time, fail)
    }
}
