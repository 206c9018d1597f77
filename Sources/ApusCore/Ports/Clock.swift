package import NIOCore

/// The time, as the core sees it: wall-clock time for what is stored, monotonic time for deadlines.
package protocol Clock: Sendable {
    var now: Timestamp { get }
    /// Never jumps, whatever happens to the wall clock.
    var uptime: NIODeadline { get }
}
