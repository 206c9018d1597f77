import NIOCore

/// Makes notifications of the bytes that a client of the binary protocol sends, however they are cut (Apple's binary
/// provider API: commands 0, 1 and 2).
///
/// Sizes that are wrong are refused as soon as they are known. No more is kept than one frame and what came with it.
struct LegacyFrameDecoder: Sendable {
    /// A frame that is refused. Whatever follows it is lost.
    struct Failure: Error, Equatable {
        let status: LegacyStatus
        let identifier: UInt32?
    }

    private static let longestToken = 100
    /// What a frame of command 2 may have besides its payload: the other items, and some that are not known.
    private static let otherItems = 1024

    private let payloadLimit: Int
    private var input = ByteBuffer()
    private var hasFailed = false

    /// - Parameter payloadLimit: bytes.
    init(payloadLimit: Int) {
        self.payloadLimit = payloadLimit
    }

    /// Whether nothing has come of a next frame.
    var isIdle: Bool { input.readableBytes == 0 }

    mutating func append(_ bytes: ByteBuffer) {
        guard !hasFailed else { return }
        guard input.readableBytes > 0 else { return input = bytes }
        // Afresh, so that what was read does not pile up in front.
        var joined = ByteBuffer()
        joined.reserveCapacity(input.readableBytes + bytes.readableBytes)
        joined.writeImmutableBuffer(input)
        joined.writeImmutableBuffer(bytes)
        input = joined
    }

    /// The next notification, or nil if more bytes are needed.
    /// - Throws: `Failure`; there is nothing further then.
    mutating func next() throws(Failure) -> LegacyNotification? {
        do throws(Failure) {
            // The reader moves only over frames that are complete.
            var reader = input
            guard let notification = try notification(&reader) else { return nil }
            input = reader.readableBytes > 0 ? reader : ByteBuffer()
            return notification
        } catch {
            hasFailed = true
            input = ByteBuffer()
            throw error
        }
    }

    private func notification(_ reader: inout ByteBuffer) throws(Failure) -> LegacyNotification? {
        switch reader.readInteger(as: UInt8.self) {
        case nil: return nil
        case 0: return try notification(&reader, identifier: nil, expiration: nil)
        case 1:
            guard let (identifier, expiration) = reader.readMultipleIntegers(as: (UInt32, UInt32).self) else {
                return nil
            }
            return try notification(&reader, identifier: identifier, expiration: expiration)
        case 2: return try framedNotification(&reader)
        default: throw Failure(status: .protocolError, identifier: nil)
        }
    }

    // MARK: Commands 0 and 1

    private func notification(
        _ reader: inout ByteBuffer, identifier: UInt32?, expiration: UInt32?
    ) throws(Failure) -> LegacyNotification? {
        guard let tokenLength = reader.readInteger(as: UInt16.self) else { return nil }
        try checkToken(length: Int(tokenLength), identifier)
        guard let token = reader.readBytes(length: Int(tokenLength)),
            let payloadLength = reader.readInteger(as: UInt16.self)
        else { return nil }
        try checkPayload(length: Int(payloadLength), identifier)
        guard let payload = reader.readSlice(length: Int(payloadLength)) else { return nil }
        return LegacyNotification(identifier: identifier, token: token, payload: payload, expiration: expiration)
    }

    private func checkToken(length: Int, _ identifier: UInt32?) throws(Failure) {
        guard length > 0 else { throw Failure(status: .missingToken, identifier: identifier) }
        guard length <= Self.longestToken else { throw Failure(status: .invalidTokenSize, identifier: identifier) }
    }

    private func checkPayload(length: Int, _ identifier: UInt32?) throws(Failure) {
        guard length > 0 else { throw Failure(status: .missingPayload, identifier: identifier) }
        guard length <= payloadLimit else { throw Failure(status: .invalidPayloadSize, identifier: identifier) }
    }

    // MARK: Command 2

    private func framedNotification(_ reader: inout ByteBuffer) throws(Failure) -> LegacyNotification? {
        guard let length = reader.readInteger(as: UInt32.self) else { return nil }
        guard length <= payloadLimit + Self.otherItems else { throw Failure(status: .protocolError, identifier: nil) }
        guard var frame = reader.readSlice(length: Int(length)) else { return nil }
        let items = try LegacyItems(&frame)
        try checkToken(length: items.token?.readableBytes ?? 0, items.identifier)
        try checkPayload(length: items.payload?.readableBytes ?? 0, items.identifier)
        guard let token = items.token, let payload = items.payload else { return nil }
        return LegacyNotification(
            identifier: items.identifier, token: Array(token.readableBytesView), payload: payload,
            expiration: items.expiration, priority: items.priority)
    }
}

/// The items of a frame of command 2, in any order. Those that are not known are skipped.
private struct LegacyItems {
    private(set) var token: ByteBuffer?
    private(set) var payload: ByteBuffer?
    private(set) var identifier: UInt32?
    private(set) var expiration: UInt32?
    private(set) var priority: UInt8?

    /// - Throws: `Failure` if the items do not fill the frame, come twice or have a wrong length. It has the identifier
    ///   if that came first.
    init(_ frame: inout ByteBuffer) throws(LegacyFrameDecoder.Failure) {
        while frame.readableBytes > 0 {
            guard readItem(&frame) else {
                throw LegacyFrameDecoder.Failure(status: .protocolError, identifier: identifier)
            }
        }
        if let priority, priority != 5, priority != 10 {
            throw LegacyFrameDecoder.Failure(status: .processingError, identifier: identifier)
        }
    }

    private mutating func readItem(_ frame: inout ByteBuffer) -> Bool {
        guard let id = frame.readInteger(as: UInt8.self), let length = frame.readInteger(as: UInt16.self),
            var item = frame.readSlice(length: Int(length))
        else { return false }
        switch id {
        case 1: return Self.set(&token, item)
        case 2: return Self.set(&payload, item)
        case 3: return Self.set(&identifier, Self.integer(&item))
        case 4: return Self.set(&expiration, Self.integer(&item))
        case 5: return Self.set(&priority, Self.integer(&item))
        default: return true
        }
    }

    private static func set<Value>(_ member: inout Value?, _ value: Value?) -> Bool {
        guard member == nil, let value else { return false }
        member = value
        return true
    }

    private static func integer<Value: FixedWidthInteger>(_ item: inout ByteBuffer) -> Value? {
        item.readableBytes == MemoryLayout<Value>.size ? item.readInteger() : nil
    }
}
