/// Unpacks what a `JournalWriter` packed.
package struct JournalReader: Sequence, IteratorProtocol {
    private var rest: ArraySlice<UInt8>
    private var message: Int64 = 0
    private var time: Int64 = 0
    private var route: Route?
    private var reason: String?

    package init(_ bytes: [UInt8]) {
        rest = bytes[...]
    }

    /// - Returns: nil at the end, and where the bytes make no sense.
    package mutating func next() -> StateEvent? {
        guard let head = rest.popFirst(), let kind = StateEvent.Kind(rawValue: head & JournalFlag.kind) else {
            return nil
        }
        if head & JournalFlag.sameMessage == 0 {
            guard let difference = signed() else { return nil }
            message &+= difference
        }
        guard let difference = signed(), let number = number() else { return nil }
        time &+= difference
        let at = Timestamp(milliseconds: time)
        let first = Int64(bitPattern: number)
        if kind == .accepted {
            guard let deliveries = self.number().flatMap(Int.init(exactly:)) else { return nil }
            return StateEvent(
                accepted: MessageID(message), StateEvent.Accepted(app: AppNumber(first), deliveries: deliveries), at: at
            )
        }
        if head & JournalFlag.newRoute != 0 {
            guard let text = text() else { return nil }
            route = Route(rawValue: text)
        }
        if head & JournalFlag.newReason != 0 {
            guard let text = text() else { return nil }
            reason = text
        }
        return StateEvent(
            kind, MessageID(message), DeviceNumber(first), at: at,
            route: head & (JournalFlag.newRoute | JournalFlag.sameRoute) != 0 ? route : nil,
            reason: head & (JournalFlag.newReason | JournalFlag.sameReason) != 0 ? reason : nil)
    }

    private mutating func number() -> UInt64? {
        var number: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            number |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return number }
        }
        return nil
    }

    private mutating func signed() -> Int64? {
        number().map { Int64(bitPattern: $0 >> 1) ^ -Int64(bitPattern: $0 & 1) }
    }

    private mutating func text() -> String? {
        guard let length = number().flatMap(Int.init(exactly:)), length <= rest.count else { return nil }
        defer { rest = rest.dropFirst(length) }
        return String(decoding: rest.prefix(length), as: UTF8.self)
    }
}
