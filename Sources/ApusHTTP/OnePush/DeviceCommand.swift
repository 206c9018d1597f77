import ApusCore
import NIOCore

/// What a ONE-PUSH device can say: `HBT…`, `CFM:<id>[,<id>…]` and, new in Apus, `READ:<id>[,<id>…]`.
enum DeviceCommand: Equatable {
    case heartbeat
    case confirm([MessageID])
    case read([MessageID])

    /// Nil for anything else, which is ignored, as ONE-PUSH does. So are ids that are no ids.
    init?(_ text: ByteBuffer) {
        let bytes = text.readableBytesView
        if bytes.starts(with: "HBT".utf8) {
            self = .heartbeat
        } else if bytes.starts(with: "CFM:".utf8) {
            self = .confirm(Self.messages(bytes.dropFirst(4)))
        } else if bytes.starts(with: "READ:".utf8) {
            self = .read(Self.messages(bytes.dropFirst(5)))
        } else {
            return nil
        }
    }

    private static func messages(_ bytes: ByteBufferView.SubSequence) -> [MessageID] {
        bytes.split(separator: UInt8(ascii: ",")).compactMap { MessageID(ascii: $0) }
    }
}
