/// Packs events as the journal keeps them: about eight bytes for each, as most of an event is like the one before it.
///
/// An event is a byte with its kind and flags, then as variable-length integers (LEB128) what differs: the message and
/// the time as differences to the event before it, the device, and for an accepted message its app and its number of
/// deliveries. Routes and reasons are text behind its length, unless they are the last ones again.
package struct JournalWriter {
    package private(set) var bytes: [UInt8] = []
    package private(set) var count = 0
    private var message: Int64 = 0
    private var time: Int64 = 0
    private var route: Route?
    private var reason: String?

    package init() {}

    /// When the last event happened.
    package var lastTime: Timestamp { Timestamp(milliseconds: time) }

    package mutating func append(_ event: StateEvent) {
        var head = event.kind.rawValue
        let isSameMessage = event.message.rawValue == message
        let isNewRoute = event.route != nil && event.route != route
        let isNewReason = event.reason != nil && event.reason != reason
        if isSameMessage { head |= JournalFlag.sameMessage }
        if event.route != nil { head |= isNewRoute ? JournalFlag.newRoute : JournalFlag.sameRoute }
        if event.reason != nil { head |= isNewReason ? JournalFlag.newReason : JournalFlag.sameReason }
        bytes.append(head)
        if !isSameMessage { append(signed: event.message.rawValue &- message) }
        append(signed: event.at.milliseconds &- time)
        if let accepted = event.accepted {
            append(UInt64(bitPattern: accepted.app.rawValue))
            append(UInt64(accepted.deliveries))
        } else {
            append(UInt64(bitPattern: event.device?.rawValue ?? 0))
        }
        if isNewRoute, let route = event.route { append(route.rawValue) }
        if isNewReason, let reason = event.reason { append(reason) }
        (message, time) = (event.message.rawValue, event.at.milliseconds)
        route = event.route ?? route
        reason = event.reason ?? reason
        count += 1
    }

    private mutating func append(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// Small numbers of either sign in few bytes.
    private mutating func append(signed number: Int64) {
        append(UInt64(bitPattern: (number << 1) ^ (number >> 63)))
    }

    private mutating func append(_ text: String) {
        append(UInt64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }
}

/// What stands beside the kind in an event's first byte.
enum JournalFlag {
    static let kind: UInt8 = 0x07
    static let sameMessage: UInt8 = 0x08
    static let newRoute: UInt8 = 0x10
    static let sameRoute: UInt8 = 0x20
    static let newReason: UInt8 = 0x40
    static let sameReason: UInt8 = 0x80
}
