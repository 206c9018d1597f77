package import ApusCore
package import NIOCore

/// A connection that keeps what it is told.
package final class RecordingTransport: DeviceTransport {
    package let route = Route.webSocket
    package let pingAfter: TimeAmount? = nil
    package var reportsArrival = false
    package var isWritable = true
    /// What happens in the middle of a write.
    package var whenWritten: () -> Void = {}
    package private(set) var written: [Message] = []
    package private(set) var flushed = 0
    package private(set) var pings = 0
    package private(set) var closed: SessionCloseReason?

    package init() {}

    package var messages: [MessageID] { written.map(\.id) }

    package func write(_ message: Message, forms: inout EncodedForms, flushing: Bool) {
        written.append(message)
        whenWritten()
        if flushing { flush() }
    }

    package func flush() { flushed = written.count }
    package func ping() { pings += 1 }
    package func close(_ reason: SessionCloseReason) { closed = reason }
}
