import ApusCore
package import NIOCore

/// Makes messages of the bytes that a client sends over a WebSocket (RFC 6455, section 5). There are no extensions.
///
/// Nothing is kept but what has come of an unfinished frame or message.
package struct WebSocketFrameDecoder: Sendable {
    package static let usualLimit = 64 * 1024

    private let limit: Int
    private var input = WireInput()
    /// How many bytes of the input belong to frames that are whole and already unmasked.
    private var unmasked = 0
    /// The message whose fragments are coming.
    private var fragments: (opcode: WebSocketOpcode, payload: ByteBuffer)?
    /// Whether the client said goodbye or broke the protocol.
    private var isOver = false

    /// - Parameter limit: how many bytes a message may have.
    package init(limit: Int = Self.usualLimit) {
        self.limit = limit
    }

    /// Whether no buffer is held.
    package var isIdle: Bool { input.count == 0 && fragments == nil }

    /// Takes all of `bytes`.
    package mutating func append(_ bytes: inout ByteBuffer) {
        guard !isOver else {
            bytes = ByteBuffer()
            return
        }
        input.append(&bytes)
        unmaskWholeFrames()
    }

    /// The next message or control frame, or nil if more bytes are needed or the client closed.
    /// - Throws: `WebSocketError`; there is nothing further then.
    package mutating func next() throws(WebSocketError) -> WebSocketEvent? {
        do throws(WebSocketError) {
            while let (header, payload) = try nextFrame() {
                if let event = try event(header, payload) { return event }
            }
            return nil
        } catch {
            end()
            throw error
        }
    }

    /// Does so for all frames before any is given out: payloads share the input's storage, and to change it while
    /// one of them lives would copy it.
    private mutating func unmaskWholeFrames() {
        var position = unmasked
        let limit = limit
        input.withMutableBytes { bytes in
            let readable = UnsafeRawBufferPointer(bytes)
            while let header = try? WebSocketFrameHeader(readable, at: position, limit: limit),
                header.frameLength <= bytes.count - position
            {
                let end = position + header.frameLength
                WebSocketMask.apply(header.mask, to: bytes, in: position + header.length..<end)
                position = end
            }
        }
        unmasked = position
    }

    private mutating func nextFrame() throws(WebSocketError) -> (WebSocketFrameHeader, ByteBuffer)? {
        let header = try input.withBytes { bytes throws(WebSocketError) in
            try WebSocketFrameHeader(bytes, at: 0, limit: limit)
        }
        guard let header, header.frameLength <= input.count else { return nil }
        unmasked -= header.frameLength
        input.skip(header.length)
        return (header, input.read(header.payloadLength))
    }

    /// - Returns: nil for a fragment that is not the last.
    private mutating func event(
        _ header: WebSocketFrameHeader, _ payload: ByteBuffer
    ) throws(WebSocketError) -> WebSocketEvent? {
        switch header.opcode {
        case .ping: return .ping(payload)
        case .pong: return .pong(payload)
        case .close:
            let event = try Self.close(payload)
            end()
            return event
        case .text, .binary:
            guard fragments == nil else { throw .interleaved }
            if header.isFinal { return try Self.message(header.opcode, payload) }
            fragments = (header.opcode, payload)
            return nil
        case .continuation:
            guard fragments != nil else { throw .strayContinuation }
            guard fragments!.payload.readableBytes + payload.readableBytes <= limit else { throw .tooBig }
            fragments!.payload.writeImmutableBuffer(payload)
            guard header.isFinal, let (opcode, whole) = fragments else { return nil }
            fragments = nil
            return try Self.message(opcode, whole)
        }
    }

    private mutating func end() {
        isOver = true
        input.removeAll()
        unmasked = 0
        fragments = nil
    }

    private static func message(
        _ opcode: WebSocketOpcode, _ payload: ByteBuffer
    ) throws(WebSocketError) -> WebSocketEvent {
        guard opcode == .text else { return .binary(payload) }
        guard payload.withUnsafeReadableBytes(UTF8Validator.isValid) else { throw .text }
        return .text(payload)
    }

    private static func close(_ payload: ByteBuffer) throws(WebSocketError) -> WebSocketEvent {
        if payload.readableBytes == 0 { return .close(code: nil, reason: "") }
        var reason = payload
        guard let code = reason.readInteger(as: UInt16.self) else { throw .closeFrame }
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: break
        default: throw .closeFrame
        }
        guard reason.withUnsafeReadableBytes(UTF8Validator.isValid) else { throw .closeReason }
        return .close(code: code, reason: String(buffer: reason))
    }
}
