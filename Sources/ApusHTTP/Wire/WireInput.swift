package import NIOCore

/// The bytes that a decoder was fed and has not used up. Holds no buffer once there are none.
package struct WireInput: Sendable {
    private var buffer: ByteBuffer?

    package init() {}

    package var count: Int { buffer?.readableBytes ?? 0 }

    /// Takes all of `bytes`, without copying if nothing is held.
    package mutating func append(_ bytes: inout ByteBuffer) {
        guard bytes.readableBytes > 0 else { return }
        guard var held = buffer else {
            buffer = bytes
            bytes = ByteBuffer()
            return
        }
        buffer = nil
        if held.readerIndex > 0 {
            // What was used up would otherwise stay with what was not, for as long as input keeps ending in mid-air.
            var compact = ByteBuffer()
            compact.reserveCapacity(held.readableBytes + bytes.readableBytes)
            compact.writeBuffer(&held)
            held = compact
        }
        held.writeBuffer(&bytes)
        buffer = held
        bytes = ByteBuffer()
    }

    /// Takes the first `length` bytes, which must be there, sharing their storage.
    package mutating func read(_ length: Int) -> ByteBuffer {
        guard length > 0 else { return ByteBuffer() }
        let slice = buffer!.readSlice(length: length)!
        dropIfEmpty()
        return slice
    }

    package mutating func skip(_ length: Int) {
        guard length > 0 else { return }
        buffer!.moveReaderIndex(forwardBy: length)
        dropIfEmpty()
    }

    package mutating func removeAll() {
        buffer = nil
    }

    @inline(__always)
    func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        guard let buffer else { return try body(UnsafeRawBufferPointer(start: nil, count: 0)) }
        return try buffer.withBytes(body)
    }

    @inline(__always)
    mutating func withMutableBytes(_ body: (UnsafeMutableRawBufferPointer) -> Void) {
        buffer?.withUnsafeMutableReadableBytes(body)
    }

    private mutating func dropIfEmpty() {
        if count == 0 { buffer = nil }
    }
}

extension ByteBuffer {
    /// `withUnsafeReadableBytes` that keeps the type of the error.
    @inline(__always)
    func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        let result = withUnsafeReadableBytes { bytes -> Result<R, E> in
            do throws(E) { return .success(try body(bytes)) } catch { return .failure(error) }
        }
        return try result.get()
    }
}
