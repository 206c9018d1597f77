import Synchronization

/// Where a connected device's session lives.
package struct SessionReference: Sendable, Equatable {
    package let shard: Int
    package let handle: SessionHandle
}

/// A session's place in its shard. The generation tells a slot's present session from an earlier one.
package struct SessionHandle: Sendable, Hashable {
    package let slot: Int32
    package let generation: UInt32
}

/// Which devices are connected to this node, readable from any thread.
package final class SessionDirectory: Sendable {
    private final class Stripe: Sendable {
        let sessions = Mutex<[Int64: SessionReference]>([:])
    }

    private let stripes = (0..<64).map { _ in Stripe() }

    package init() {}

    private func stripe(_ device: DeviceNumber) -> Stripe {
        stripes[Int(truncatingIfNeeded: device.rawValue) & 63]
    }

    package subscript(device: DeviceNumber) -> SessionReference? {
        stripe(device).sessions.withLock { $0[device.rawValue] }
    }

    /// Makes `reference` the device's session.
    /// - Returns: the one it takes the place of.
    package func replace(_ device: DeviceNumber, with reference: SessionReference) -> SessionReference? {
        stripe(device).sessions.withLock { $0.updateValue(reference, forKey: device.rawValue) }
    }

    /// Removes the device's session, unless a newer one took its place.
    package func remove(_ device: DeviceNumber, _ reference: SessionReference) {
        stripe(device).sessions.withLock { sessions in
            if sessions[device.rawValue] == reference { sessions[device.rawValue] = nil }
        }
    }

    /// The connected devices in the order of their numbers, from behind `after`.
    package func devices(after: DeviceNumber?) -> [DeviceNumber] {
        let lowest = after?.rawValue ?? .min
        return stripes.flatMap { $0.sessions.withLock { $0.keys.filter { $0 > lowest } } }.sorted()
            .map { DeviceNumber($0) }
    }

    package var count: Int {
        stripes.reduce(0) { $0 + $1.sessions.withLock { $0.count } }
    }
}
