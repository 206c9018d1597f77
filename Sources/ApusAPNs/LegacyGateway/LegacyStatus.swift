import NIOCore

/// What is wrong with a notification (Apple's binary provider API, "Codes in error-response packet").
package enum LegacyStatus: UInt8, Sendable {
    case processingError = 1
    case missingToken = 2
    case missingTopic = 3
    case missingPayload = 4
    case invalidTokenSize = 5
    case invalidTopicSize = 6
    case invalidPayloadSize = 7
    case invalidToken = 8
    /// The server ends the connection; the identifier is that of the last notification that it accepted.
    case shutdown = 10
    /// What came is not the protocol.
    case protocolError = 128
    case unknown = 255
}

/// The six bytes that end a connection. There is no other answer in this protocol.
struct LegacyErrorPacket: Sendable, Equatable {
    private static let command: UInt8 = 8

    let status: LegacyStatus
    let identifier: UInt32

    func write(into buffer: inout ByteBuffer) {
        buffer.writeMultipleIntegers(Self.command, status.rawValue, identifier)
    }
}
