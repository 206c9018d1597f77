import CDBus

extension DBusMessage {
    /// The message as libdbus wants it. Whoever calls this frees it by `dbus_message_unref`.
    ///
    /// libdbus ends the process over a name that is none. So destinations are `BusName`s or what the bus itself said,
    /// and everything else is a constant.
    ///
    /// - Returns: nil if there is no memory for it, or a value in it was never read.
    func copied() -> OpaquePointer? {
        guard let message = dbus_message_new(type) else { return nil }
        if let path { dbus_message_set_path(message, path) }
        if let interface { dbus_message_set_interface(message, interface) }
        if let member { dbus_message_set_member(message, member) }
        if let destination { dbus_message_set_destination(message, destination) }
        if case .failure(let name) = kind { dbus_message_set_error_name(message, name) }
        if replySerial != 0 { dbus_message_set_reply_serial(message, replySerial) }
        dbus_message_set_no_reply(message, expectsReply ? 0 : 1)
        dbus_message_set_auto_start(message, mayActivate ? 1 : 0)
        var iterator = DBusMessageIter()
        dbus_message_iter_init_append(message, &iterator)
        for argument in arguments where !argument.append(to: &iterator) {
            dbus_message_unref(message)
            return nil
        }
        return message
    }

    private var type: Int32 {
        switch kind {
        case .call: DBUS_MESSAGE_TYPE_METHOD_CALL
        case .answer: DBUS_MESSAGE_TYPE_METHOD_RETURN
        case .failure: DBUS_MESSAGE_TYPE_ERROR
        case .signal: DBUS_MESSAGE_TYPE_SIGNAL
        }
    }
}

extension DBusValue {
    fileprivate func append(to iterator: inout DBusMessageIter) -> Bool {
        switch self {
        case .string(let text):
            return text.withCString { start in
                var start: UnsafePointer<CChar>? = start
                return dbus_message_iter_append_basic(&iterator, DBusType.string.rawValue, &start) != 0
            }
        case .boolean(let value):
            var value: dbus_bool_t = value ? 1 : 0
            return dbus_message_iter_append_basic(&iterator, DBusType.boolean.rawValue, &value) != 0
        case .uint32(var value):
            return dbus_message_iter_append_basic(&iterator, DBusType.uint32.rawValue, &value) != 0
        case .int64(var value):
            return dbus_message_iter_append_basic(&iterator, DBusType.int64.rawValue, &value) != 0
        case .bytes(let bytes):
            return Self.appendContainer(.array, of: "y", to: &iterator) { array in
                bytes.withUnsafeBufferPointer { bytes in
                    var start = bytes.baseAddress
                    guard start != nil else { return true }
                    return dbus_message_iter_append_fixed_array(
                        &array, DBusType.byte.rawValue, &start, Int32(bytes.count)) != 0
                }
            }
        case .variant(let value):
            return Self.appendContainer(.variant, of: value.signature, to: &iterator) { value.append(to: &$0) }
        case .dictionary(let members):
            return Self.appendContainer(.array, of: "{sv}", to: &iterator) { array in
                members.sorted { $0.key < $1.key }.allSatisfy { key, value in
                    Self.appendContainer(.dictionaryEntry, of: nil, to: &array) { entry in
                        DBusValue.string(key).append(to: &entry) && DBusValue.variant(value).append(to: &entry)
                    }
                }
            }
        case .unread: return false
        }
    }

    private static func appendContainer(
        _ type: DBusType, of signature: String?, to iterator: inout DBusMessageIter,
        _ fill: (inout DBusMessageIter) -> Bool
    ) -> Bool {
        if signature == "" { return false }
        var content = DBusMessageIter()
        guard dbus_message_iter_open_container(&iterator, type.rawValue, signature, &content) != 0 else { return false }
        guard fill(&content) else {
            dbus_message_iter_abandon_container(&iterator, &content)
            return false
        }
        return dbus_message_iter_close_container(&iterator, &content) != 0
    }
}
