import NIOCore

/// Joins the chunks of a body (RFC 9112, section 7.1). Extensions and trailers are checked and dropped.
struct HTTPChunkDecoder: Sendable {
    /// Bytes of a line that says how long a chunk is, with its extensions.
    static let longestSizeLine = 256
    /// Bytes of all trailers.
    static let longestTrailers = 4 * 1024

    private enum Stage: Sendable {
        case size
        case data(left: Int)
        case dataEnd
        case trailers(length: Int)
    }

    private let limit: Int
    private var stage = Stage.size
    private var body = ByteBuffer()

    /// - Parameter limit: how many bytes the body may have.
    init(limit: Int) {
        self.limit = limit
    }

    /// Uses up what has come of the body.
    /// - Returns: the body once it is whole.
    mutating func read(_ input: inout WireInput) throws(HTTPWireError) -> ByteBuffer? {
        while true {
            switch stage {
            case .size:
                guard let length = try Self.lineLength(input, atMost: Self.longestSizeLine, else: .chunk) else {
                    return nil
                }
                let size = try input.withBytes { bytes throws(HTTPWireError) in
                    try Self.size(bytes[part: 0..<length - 2])
                }
                guard size <= limit - body.readableBytes else { throw .bodyTooLarge }
                input.skip(length)
                stage = size > 0 ? .data(left: size) : .trailers(length: 0)

            case .data(let left):
                let length = min(left, input.count)
                guard length > 0 else { return nil }
                body.writeImmutableBuffer(input.read(length))
                stage = length < left ? .data(left: left - length) : .dataEnd

            case .dataEnd:
                guard input.count >= 2 else { return nil }
                guard input.withBytes({ $0[0] == HTTPBytes.cr && $0[1] == HTTPBytes.lf }) else { throw .chunk }
                input.skip(2)
                stage = .size

            case .trailers(let before):
                let rest = Self.longestTrailers + 2 - before
                guard let length = try Self.lineLength(input, atMost: rest, else: .trailersTooLarge) else {
                    return nil
                }
                if length > 2 {
                    try input.withBytes { bytes throws(HTTPWireError) in
                        var index = 0
                        _ = try HTTPHeadParser.parseField(bytes, at: &index)
                    }
                }
                input.skip(length)
                if length == 2 { return body }
                stage = .trailers(length: before + length)
            }
        }
    }

    /// The length of the line that comes next, with its CR LF, or nil if it has not all come.
    private static func lineLength(
        _ input: WireInput, atMost limit: Int, else tooLong: HTTPWireError
    ) throws(HTTPWireError) -> Int? {
        try input.withBytes { bytes throws(HTTPWireError) -> Int? in
            var end = 0
            while end < min(bytes.count, limit) {
                end += 1
                guard bytes[end - 1] == HTTPBytes.lf else { continue }
                guard end > 1, bytes[end - 2] == HTTPBytes.cr else { throw .chunk }
                return end
            }
            if end == limit { throw tooLong }
            return nil
        }
    }

    private static func size(_ line: UnsafeRawBufferPointer) throws(HTTPWireError) -> Int {
        var value = 0
        var index = 0
        while index < line.count, let digit = hexadecimal(line[index]) {
            guard value <= Int.max >> 4 else { throw .chunk }
            value = value << 4 | digit
            index += 1
        }
        guard index > 0 else { throw .chunk }
        if index == line.count { return value }
        while index < line.count, HTTPBytes.isWhiteSpace(line[index]) { index += 1 }
        guard index < line.count, line[index] == UInt8(ascii: ";") else { throw .chunk }
        for byte in line[index...] where !HTTPBytes.isValue(byte) { throw .chunk }
        return value
    }

    private static func hexadecimal(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }
}
