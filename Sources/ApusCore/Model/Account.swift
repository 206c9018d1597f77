/// A name and password that a device logs in with, in protocols that have such.
package struct Account: Sendable, Equatable {
    /// In the form that the protocol compares names in. Unique in the server.
    package let name: String
    /// What proves the password, in a form of the protocol's own.
    package let credentials: [UInt8]
    package let device: DeviceNumber
    /// The device's public id.
    package let deviceID: String
    package let alias: String
    package let platform: Platform
    /// See `Device.language`.
    package let language: String?
    package let isActive: Bool
    package let app: AppNumber
    package let appID: String
    package let createdAt: Timestamp

    package init(
        name: String, credentials: [UInt8], device: DeviceNumber, deviceID: String, alias: String,
        platform: Platform = .android,
        language: String? = nil, isActive: Bool, app: AppNumber, appID: String, createdAt: Timestamp
    ) {
        self.name = name
        self.credentials = credentials
        self.device = device
        self.deviceID = deviceID
        self.alias = alias
        self.platform = platform
        self.language = language
        self.isActive = isActive
        self.app = app
        self.appID = appID
        self.createdAt = createdAt
    }
}
