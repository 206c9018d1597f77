/// Which events somebody follows. What is nil is no condition.
package struct EventFilter: Hashable, Sendable {
    package var app: AppNumber?
    package var device: DeviceNumber?
    package var message: MessageID?
    package var kinds: EventKinds

    package init(
        app: AppNumber? = nil, device: DeviceNumber? = nil, message: MessageID? = nil, kinds: EventKinds = .all
    ) {
        self.app = app
        self.device = device
        self.message = message
        self.kinds = kinds
    }

    /// Whether the event is wanted, as far as the journal alone can tell: not whose app it is of.
    func mayMatch(_ event: StateEvent) -> Bool {
        kinds.contains(event.kind) && (message == nil || message == event.message)
            && (device == nil || device == event.device)
    }
}

/// Some of the kinds of events.
package struct EventKinds: Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package init(_ kinds: some Sequence<StateEvent.Kind>) {
        rawValue = kinds.reduce(0) { $0 | 1 << $1.rawValue }
    }

    package static let all = EventKinds(rawValue: 0xFF)

    /// - Parameter names: as events name their states.
    /// - Throws: `ApusError` that names what there is.
    package init(names: some Sequence<some StringProtocol>) throws(ApusError) {
        var kinds: [StateEvent.Kind] = []
        for name in names {
            guard let kind = StateEvent.Kind(name: name) else {
                let known = StateEvent.Kind.allCases.map(\.name).joined(separator: ", ")
                throw ApusError(
                    .invalid, code: "unknown_state", "There is no state \"\(name)\" of events. There are: \(known).")
            }
            kinds.append(kind)
        }
        self.init(kinds)
    }

    package func contains(_ kind: StateEvent.Kind) -> Bool { rawValue & 1 << kind.rawValue != 0 }

    package var names: [String] { StateEvent.Kind.allCases.filter(contains).map(\.name) }
}
