/// An endpoint's number inside the store.
package struct EndpointNumber: Hashable, Sendable {
    package var rawValue: Int64
    package init(_ rawValue: Int64) { self.rawValue = rawValue }
}

/// Where an application server posts for one application on one device (UnifiedPush, RFC 8030 §5).
package struct Endpoint: Sendable, Equatable {
    package let number: EndpointNumber
    /// 128 random bits; with their seal they are the endpoint's token.
    package let id: [UInt8]
    package let registration: EndpointRegistration
    package let app: AppNumber
    package let appID: String
    package let tenant: String
    /// The device's public id.
    package let deviceID: String
    /// The device as a target of what is posted.
    package let target: Target
    /// Whether the device is registered still.
    package let isActive: Bool

    package init(
        number: EndpointNumber, id: [UInt8], registration: EndpointRegistration, app: AppNumber, appID: String,
        tenant: String, deviceID: String, target: Target, isActive: Bool
    ) {
        self.number = number
        self.id = id
        self.registration = registration
        self.app = app
        self.appID = appID
        self.tenant = tenant
        self.deviceID = deviceID
        self.target = target
        self.isActive = isActive
    }
}

/// What a device registers an endpoint with. (device, name) identifies the registration: the same again keeps its URL.
package struct EndpointRegistration: Sendable, Equatable {
    package var device: DeviceNumber
    /// What the device knows the application by, in a form of the protocol that it registered with.
    package var name: String
    /// The only key that may sign what is posted (RFC 8292 §4.1): an uncompressed point of P-256, 65 bytes.
    package var senderKey: [UInt8]?
    /// Whether the protocol carries nothing but text.
    package var takesTextOnly: Bool
    /// Whether the device confirms what it gets.
    package var needsConfirmation: Bool
    /// Which of the device's clients registered it, if it can have several: only that one knows when it ends.
    package var address: String?
    /// Until when it holds, unless it is made again; nil for ever.
    package var expiresAt: Timestamp?

    package init(
        device: DeviceNumber, name: String, senderKey: [UInt8]? = nil, takesTextOnly: Bool = false,
        needsConfirmation: Bool = true, address: String? = nil, expiresAt: Timestamp? = nil
    ) {
        self.device = device
        self.name = name
        self.senderKey = senderKey
        self.takesTextOnly = takesTextOnly
        self.needsConfirmation = needsConfirmation
        self.address = address
        self.expiresAt = expiresAt
    }

    /// The longest name, in bytes.
    package static let longestName = 256
}
