import NIOCore

/// When a lane that has something to send opens another connection: if it has none, if its connections are blocked by
/// flow control, or if what was submitted waits for too long. That all streams are taken for a moment is no reason.
struct DialPolicy {
    /// The lane as it is now.
    struct View {
        /// Connections that are or will be ready.
        var usable = 0
        var isDialing = false
        /// Since when all of them have had bytes that flow control holds back.
        var blockedSince: NIODeadline?
        /// Since when the first request has waited that could be sent.
        var readySince: NIODeadline
    }

    private static let blockedPatience = TimeAmount.milliseconds(200)
    private static let waitingPatience = TimeAmount.milliseconds(500)
    /// Between two that are opened for speed: APNs takes many at once for an attack, and each needs time to show effect.
    private static let pace = TimeAmount.seconds(1)

    private let connections: Int
    private var failures = 0
    private var notBefore = NIODeadline.distantPast
    private var lastDial = NIODeadline.distantPast

    init(connections: Int) {
        self.connections = connections
    }

    /// Whether to dial now. If so, it counts as done.
    mutating func shouldDial(_ view: View, at now: NIODeadline) -> Bool {
        guard !view.isDialing, view.usable < connections, now >= notBefore else { return false }
        if view.usable > 0 {
            let isBlocked = view.blockedSince.map { now - $0 >= Self.blockedPatience } ?? false
            guard isBlocked || now - view.readySince >= Self.waitingPatience, now >= lastDial + Self.pace else {
                return false
            }
        }
        lastDial = now
        return true
    }

    /// The connection became ready.
    mutating func succeeded() {
        failures = 0
        notBefore = .distantPast
    }

    /// - Returns: when the next attempt may be.
    mutating func failed(at now: NIODeadline, using generator: inout some RandomNumberGenerator) -> NIODeadline {
        failures += 1
        notBefore = now + Backoff.delay(failures: failures, using: &generator)
        return notBefore
    }
}
