/// A message on the bus.
struct DBusMessage: Equatable, Sendable {
    enum Kind: Equatable, Sendable {
        case call
        case answer
        /// An answer that says what went wrong, with the error's name.
        case failure(String)
        case signal
    }

    var kind: Kind
    var path: String?
    var interface: String?
    var member: String?
    var destination: String?
    /// The unique name of who sent it. The bus sets it, nobody can forge it.
    var sender: String?
    /// Set when it is sent.
    var serial: UInt32 = 0
    /// The serial of the call that this is the answer to.
    var replySerial: UInt32 = 0
    var expectsReply = true
    /// Whether the bus may start who it is for.
    var mayActivate = true
    var arguments: [DBusValue] = []
    /// The types of the arguments.
    var signature: String

    static func call(
        _ destination: BusName, path: String, interface: String, _ member: String, _ arguments: [DBusValue] = []
    ) -> DBusMessage {
        DBusMessage(
            kind: .call, path: path, interface: interface, member: member, destination: destination.text,
            arguments: arguments, signature: arguments.map(\.signature).joined())
    }

    /// The answer to this call.
    func answer(_ arguments: [DBusValue] = []) -> DBusMessage {
        DBusMessage(
            kind: .answer, destination: sender, replySerial: serial, expectsReply: false, arguments: arguments,
            signature: arguments.map(\.signature).joined())
    }

    /// The answer to this call that refuses it.
    func refusal(_ error: DBusErrorName, _ sentence: String) -> DBusMessage {
        DBusMessage(
            kind: .failure(error.rawValue), destination: sender, replySerial: serial, expectsReply: false,
            arguments: [.string(sentence)], signature: "s")
    }
}

/// The errors that are answered or understood (D-Bus specification, "Error Names").
enum DBusErrorName: String {
    case failed = "org.freedesktop.DBus.Error.Failed"
    case disconnected = "org.freedesktop.DBus.Error.Disconnected"
    case invalidArguments = "org.freedesktop.DBus.Error.InvalidArgs"
    case noReply = "org.freedesktop.DBus.Error.NoReply"
    case propertyReadOnly = "org.freedesktop.DBus.Error.PropertyReadOnly"
    case unknownInterface = "org.freedesktop.DBus.Error.UnknownInterface"
    case unknownMethod = "org.freedesktop.DBus.Error.UnknownMethod"
    case unknownObject = "org.freedesktop.DBus.Error.UnknownObject"
    case unknownProperty = "org.freedesktop.DBus.Error.UnknownProperty"
}
