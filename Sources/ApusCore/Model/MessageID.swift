/// A message's id: a positive 64-bit integer that grows with time and is unique across nodes.
///
/// From the top: 42 bits of milliseconds since the Unix epoch, 8 bits of node, 13 bits of sequence. On the wire it is
/// printed as a decimal string, because JavaScript cannot hold it as a number.
package struct MessageID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var rawValue: Int64

    package init(_ rawValue: Int64) { self.rawValue = rawValue }

    package init?(_ text: some StringProtocol) {
        guard let value = Int64(text), value > 0 else { return nil }
        rawValue = value
    }

    /// Reads a decimal id from bytes without making a string of them.
    package init?(ascii bytes: UnsafeRawBufferPointer) {
        var value: Int64 = 0
        var digits = 0
        for byte in bytes {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            let (product, overflowed) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflowedAgain) = product.addingReportingOverflow(Int64(byte - 0x30))
            guard !overflowed, !overflowedAgain else { return nil }
            value = sum
            digits += 1
        }
        guard digits > 0, value > 0 else { return nil }
        rawValue = value
    }

    /// The smallest id that can be made at `time` or later.
    package init(lowestAt time: Timestamp) {
        rawValue = max(time.milliseconds, 0) << 21
    }

    package static let zero = MessageID(0)

    /// When the message was accepted, or later if the clock was set back before.
    package var time: Timestamp { Timestamp(milliseconds: rawValue >> 21) }

    package var description: String { String(rawValue) }

    package static func < (a: MessageID, b: MessageID) -> Bool { a.rawValue < b.rawValue }
}

/// Makes message ids in strictly growing order, also when the clock stands still or jumps back.
package struct MessageIDGenerator: Sendable {
    private let node: Int64
    private var time: Int64
    private var sequence: Int64 = 0

    /// - Parameter last: the highest id that this node's store holds, so that a restart never repeats one.
    package init(node: NodeNumber, last: MessageID) {
        self.node = Int64(node.rawValue)
        time = last.time.milliseconds + (last == .zero ? 0 : 1)
    }

    package mutating func next(at now: Timestamp) -> MessageID {
        if now.milliseconds > time {
            time = now.milliseconds
            sequence = 0
        } else {
            sequence += 1
            if sequence > 0x1FFF {
                time += 1
                sequence = 0
            }
        }
        return MessageID(time << 21 | node << 13 | sequence)
    }
}
