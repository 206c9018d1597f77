import CDBus

extension DBusMessage {
    /// Reads a message that came in. libdbus has checked its types, names and text.
    ///
    /// - Returns: nil if it is of a kind that does not exist yet.
    init?(_ message: OpaquePointer) {
        guard let kind = Self.kind(of: message) else { return nil }
        var reader = ArgumentReader()
        self.init(
            kind: kind,
            path: dbus_message_get_path(message).map { String(cString: $0) },
            interface: dbus_message_get_interface(message).map { String(cString: $0) },
            member: dbus_message_get_member(message).map { String(cString: $0) },
            destination: dbus_message_get_destination(message).map { String(cString: $0) },
            sender: dbus_message_get_sender(message).map { String(cString: $0) },
            serial: dbus_message_get_serial(message),
            replySerial: dbus_message_get_reply_serial(message),
            expectsReply: dbus_message_get_no_reply(message) == 0,
            mayActivate: dbus_message_get_auto_start(message) != 0,
            arguments: reader.arguments(of: message),
            signature: dbus_message_get_signature(message).map { String(cString: $0) } ?? "")
    }

    private static func kind(of message: OpaquePointer) -> Kind? {
        switch dbus_message_get_type(message) {
        case DBUS_MESSAGE_TYPE_METHOD_CALL: .call
        case DBUS_MESSAGE_TYPE_METHOD_RETURN: .answer
        case DBUS_MESSAGE_TYPE_ERROR: .failure(dbus_message_get_error_name(message).map { String(cString: $0) } ?? "")
        case DBUS_MESSAGE_TYPE_SIGNAL: .signal
        default: nil
        }
    }
}

/// Reads arguments within limits. A message may have 128 MB, and whoever is on the bus may send one.
private struct ArgumentReader {
    /// Bytes. A push has at most 4,096, an endpoint 1,000.
    private static let longestValue = 8192
    /// Variants in variants.
    private static let deepest = 4
    /// How many more values are read.
    private var remaining = 64

    mutating func arguments(of message: OpaquePointer) -> [DBusValue] {
        var iterator = DBusMessageIter()
        var arguments: [DBusValue] = []
        guard dbus_message_iter_init(message, &iterator) != 0 else { return [] }
        repeat {
            arguments.append(value(&iterator, depth: 0))
        } while remaining > 0 && dbus_message_iter_next(&iterator) != 0
        return arguments
    }

    private mutating func value(_ iterator: inout DBusMessageIter, depth: Int) -> DBusValue {
        guard remaining > 0, depth <= Self.deepest else { return .unread }
        remaining -= 1
        switch DBusType(rawValue: dbus_message_iter_get_arg_type(&iterator)) {
        case .string, .objectPath, .signature: return string(&iterator)
        case .boolean:
            var value: dbus_bool_t = 0
            dbus_message_iter_get_basic(&iterator, &value)
            return .boolean(value != 0)
        case .uint32:
            var value: UInt32 = 0
            dbus_message_iter_get_basic(&iterator, &value)
            return .uint32(value)
        case .int64:
            var value: Int64 = 0
            dbus_message_iter_get_basic(&iterator, &value)
            return .int64(value)
        case .variant:
            var content = DBusMessageIter()
            dbus_message_iter_recurse(&iterator, &content)
            return .variant(value(&content, depth: depth + 1))
        case .array: return array(&iterator, depth: depth)
        case .dictionaryEntry, .byte, nil: return .unread
        }
    }

    private func string(_ iterator: inout DBusMessageIter) -> DBusValue {
        var start: UnsafePointer<CChar>?
        dbus_message_iter_get_basic(&iterator, &start)
        guard let start else { return .unread }
        let text = String(cString: start)
        return text.utf8.count <= Self.longestValue ? .string(text) : .unread
    }

    private mutating func array(_ iterator: inout DBusMessageIter, depth: Int) -> DBusValue {
        var elements = DBusMessageIter()
        switch DBusType(rawValue: dbus_message_iter_get_element_type(&iterator)) {
        case .byte:
            dbus_message_iter_recurse(&iterator, &elements)
            var start: UnsafePointer<UInt8>?
            var count: Int32 = 0
            dbus_message_iter_get_fixed_array(&elements, &start, &count)
            guard count <= Self.longestValue else { return .unread }
            return .bytes(Array(UnsafeBufferPointer(start: start, count: Int(count))))
        case .dictionaryEntry:
            dbus_message_iter_recurse(&iterator, &elements)
            return dictionary(&elements, depth: depth)
        default: return .unread
        }
    }

    private mutating func dictionary(_ entries: inout DBusMessageIter, depth: Int) -> DBusValue {
        var members: [String: DBusValue] = [:]
        while remaining > 0, DBusType(rawValue: dbus_message_iter_get_arg_type(&entries)) == .dictionaryEntry {
            var entry = DBusMessageIter()
            dbus_message_iter_recurse(&entries, &entry)
            guard case .string(let key) = value(&entry, depth: depth + 1) else { return .unread }
            dbus_message_iter_next(&entry)
            let content = value(&entry, depth: depth + 1)
            if case .variant(let inner) = content { members[key] = inner } else { members[key] = content }
            dbus_message_iter_next(&entries)
        }
        return .dictionary(members)
    }
}

/// The letters of signatures.
enum DBusType: Int32 {
    case array = 0x61  // a
    case boolean = 0x62  // b
    case dictionaryEntry = 0x65  // e
    case signature = 0x67  // g
    case objectPath = 0x6F  // o
    case string = 0x73  // s
    case uint32 = 0x75  // u
    case variant = 0x76  // v
    case int64 = 0x78  // x
    case byte = 0x79  // y
}
