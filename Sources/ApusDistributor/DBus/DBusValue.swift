/// A value in a message on the bus, of the types that the interfaces here use (D-Bus specification, "Type System").
indirect enum DBusValue: Equatable, Sendable {
    /// `s`, and when read also an object path or a signature.
    case string(String)
    /// `ay`
    case bytes([UInt8])
    /// `b`
    case boolean(Bool)
    /// `u`
    case uint32(UInt32)
    /// `x`
    case int64(Int64)
    /// `v`
    case variant(DBusValue)
    /// `a{sv}`, without the variants around the values.
    case dictionary([String: DBusValue])
    /// A value of any other type, or one that is too long. It was not read.
    case unread

    /// The type as signatures write it.
    var signature: String {
        switch self {
        case .string: "s"
        case .bytes: "ay"
        case .boolean: "b"
        case .uint32: "u"
        case .int64: "x"
        case .variant: "v"
        case .dictionary: "a{sv}"
        case .unread: ""
        }
    }

    var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    var dictionary: [String: DBusValue]? {
        if case .dictionary(let members) = self { members } else { nil }
    }
}
