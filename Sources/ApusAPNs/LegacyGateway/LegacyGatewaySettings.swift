package import NIOCore

/// How the binary gateway treats its clients.
package struct LegacyGatewaySettings: Sendable {
    /// Bytes of a payload. Apple took 256 until 2014, then 2048.
    package var payloadLimit = 2048
    package var payloadMode = LegacyPayload.Mode.lenient
    /// Whether an error about a notification without identifier is told with an identifier of zeros. Otherwise the
    /// connection is closed without a word, as Apple did.
    package var answersWithoutIdentifier = false
    /// How many notifications of a connection may wait for the backend before no more are read.
    package var window = 256
    /// How long a connection may be silent. PHP keeps connections open between scripts, so this is hours.
    package var idleTime = TimeAmount.hours(2)
    /// How long a client may take to send the rest of a frame.
    package var frameTime = TimeAmount.seconds(60)
    /// How long a client may take to establish TLS.
    package var handshakeTime = TimeAmount.seconds(15)
    /// How long a client that was sent an error, or a part of the feedback, may take to receive it.
    package var closingTime = TimeAmount.seconds(10)
    /// How many connections may be open at once; further ones are closed.
    package var connections = 1000

    package init() {}
}
