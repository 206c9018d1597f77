package import NIOCore

/// How long a peer may take. Times of one connection.
package struct StreamTimes: Sendable {
    /// To accept a connection.
    package var connect = TimeAmount.seconds(10)
    /// From then on, until the stream is ready.
    package var login = TimeAmount.seconds(30)
    /// It may be silent for so long before it is asked for a sign of life.
    package var pingAfter = TimeAmount.seconds(240)
    /// It may take so long for that.
    package var pingTimeout = TimeAmount.seconds(30)
    /// To close its side of the stream after we closed ours.
    package var close = TimeAmount.seconds(3)

    package init() {}
}
