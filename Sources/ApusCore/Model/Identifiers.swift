/// An app's number inside the store. Callers know an app by its public id, a string.
package struct AppNumber: Hashable, Sendable {
    package var rawValue: Int64
    package init(_ rawValue: Int64) { self.rawValue = rawValue }
}

/// A device's number inside the store. The device itself knows only its public id, which is a secret.
package struct DeviceNumber: Hashable, Comparable, Sendable {
    package var rawValue: Int64
    package init(_ rawValue: Int64) { self.rawValue = rawValue }

    package static func < (a: DeviceNumber, b: DeviceNumber) -> Bool { a.rawValue < b.rawValue }
}

/// A node of a cluster, 0 to 255.
package struct NodeNumber: Hashable, Sendable {
    package var rawValue: UInt8
    package init(_ rawValue: UInt8) { self.rawValue = rawValue }
}
