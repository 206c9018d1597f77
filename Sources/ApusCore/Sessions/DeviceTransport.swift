package import NIOCore

/// A device's connection, whatever protocol it speaks. Lives on its session's event loop and is called there only.
package protocol DeviceTransport: AnyObject {
    var route: Route { get }
    /// After how long without a sign of life the device is asked for one, if not after the time in the settings.
    var pingAfter: TimeAmount? { get }
    /// Whether `SessionShard.arrived` is told what reached the device. A message then counts as sent when it has, and
    /// not when it was written.
    var reportsArrival: Bool { get }
    /// Whether the connection takes more without growing its buffer beyond bounds.
    var isWritable: Bool { get }
    /// Writes a message. `forms` keeps what was encoded, for the next recipient of the same message.
    /// - Parameter flushing: whether to flush at once, or to leave that to a later `flush`.
    func write(_ message: Message, forms: inout EncodedForms, flushing: Bool)
    func flush()
    /// Asks the device for a sign of life.
    func ping()
    /// Closes the connection. The session is gone by then.
    func close(_ reason: SessionCloseReason)
}

/// What a device says of a message.
package enum Receipt: Sendable {
    /// It has it.
    case received
    /// Its user saw it.
    case read
    /// See `DeliveryEvent.acknowledged`.
    case acknowledged
}

/// Why the server ends a session.
package enum SessionCloseReason: Sendable, Equatable {
    /// The device connected again.
    case replaced
    /// The device was unregistered.
    case unregistered
    /// Nothing was heard of the device for too long.
    case unresponsive
    /// What is pending for the device cannot be read from the store.
    case unreadable
    /// The device is to connect again after so many seconds.
    case stopping(comeBackAfter: Int)
}

/// The wire forms of one message, each encoded once and shared by its recipients.
package struct EncodedForms {
    private var forms: [(key: FormKey, bytes: ByteBuffer)] = []

    package init() {}

    package mutating func bytes(for key: FormKey, encode: () -> ByteBuffer) -> ByteBuffer {
        for form in forms where form.key == key { return form.bytes }
        let bytes = encode()
        forms.append((key, bytes))
        return bytes
    }
}

/// Names a wire form. Each protocol has its own.
package struct FormKey: Hashable, Sendable {
    private let name: StaticString
    private let variant: String

    /// - Parameter variant: which of a message's variants it is the form of.
    package init(_ name: StaticString, variant: String) {
        self.name = name
        self.variant = variant
    }

    package static func == (a: FormKey, b: FormKey) -> Bool {
        a.name.utf8Start == b.name.utf8Start && a.variant == b.variant
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(name.utf8Start)
        hasher.combine(variant)
    }
}
