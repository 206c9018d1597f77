import ApusCore
import NIOCore

/// What a ONE-PUSH device can say: `HBT…`, `CFM:<id>[,<id>…]` and, new in Apus, `READ:<id>[,<id>…]`,
/// `REG:<name>[ <key>]` to get an endpoint for an application, and `UNR:<name>` to end it.
enum DeviceCommand: Equatable {
    case heartbeat
    case confirm([MessageID])
    case read([MessageID])
    /// The key is that of the only application server that may post (RFC 8292), in base 64 for URLs.
    case register(String, key: String?)
    case unregister(String)

    /// Nil for anything else, which is ignored, as ONE-PUSH does. So are ids that are no ids.
    init?(_ text: ByteBuffer) {
        let command = text.withUnsafeReadableBytes { bytes -> DeviceCommand? in
            if bytes.starts(with: "HBT".utf8) { return .heartbeat }
            if bytes.starts(with: "CFM:".utf8) {
                return .confirm(Self.messages(UnsafeRawBufferPointer(rebasing: bytes[4...])))
            }
            if bytes.starts(with: "READ:".utf8) {
                return .read(Self.messages(UnsafeRawBufferPointer(rebasing: bytes[5...])))
            }
            if bytes.starts(with: "REG:".utf8) {
                let parts = bytes[4...].split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
                return .register(parts.first ?? "", key: parts.count > 1 ? parts[1] : nil)
            }
            if bytes.starts(with: "UNR:".utf8) { return .unregister(String(decoding: bytes[4...], as: UTF8.self)) }
            return nil
        }
        guard let command else { return nil }
        self = command
    }

    private static func messages(_ bytes: UnsafeRawBufferPointer) -> [MessageID] {
        var messages: [MessageID] = []
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: ",")) ?? bytes.count
            if let message = MessageID(ascii: UnsafeRawBufferPointer(rebasing: bytes[start..<end])) {
                messages.append(message)
            }
            start = end + 1
        }
        return messages
    }
}
