/// A device that an app registered: one installation of the app, or one browser page.
package struct Device: Sendable, Equatable {
    package var number: DeviceNumber
    /// The public id: 128 random bits as 32 hex digits. Who knows it can receive the device's messages.
    package var id: String
    package var app: AppNumber
    package var appID: String
    /// The tenant that the device belongs to; empty when it belongs to the app as a whole.
    package var tenant: String
    package var alias: String
    package var platform: Platform
    package var nativeToken: String
    /// Whose token it is, if that does not follow from the platform.
    package var vendor: Route?
    package var mobile: String?
    /// What its user reads, a language tag (RFC 5646), if that is known.
    package var language: String?
    package var tags: [String]
    package var isActive: Bool
    package var registeredAt: Timestamp

    package init(
        number: DeviceNumber, id: String, app: AppNumber, appID: String, tenant: String, alias: String,
        platform: Platform, nativeToken: String, vendor: Route? = nil, mobile: String?, language: String? = nil,
        tags: [String], isActive: Bool, registeredAt: Timestamp
    ) {
        self.number = number
        self.id = id
        self.app = app
        self.appID = appID
        self.tenant = tenant
        self.alias = alias
        self.platform = platform
        self.nativeToken = nativeToken
        self.vendor = vendor
        self.mobile = mobile
        self.language = language
        self.tags = tags
        self.isActive = isActive
        self.registeredAt = registeredAt
    }
}

/// What an app tells of a device when it registers it. (app, tenant, native token) identifies the device.
package struct DeviceRegistration: Sendable, Equatable {
    package var app: AppNumber
    package var tenant: String
    package var alias: String
    package var platform: Platform
    package var nativeToken: String
    /// Whose token it is, if that does not follow from the platform.
    package var vendor: Route?
    package var mobile: String?
    /// What its user reads, a language tag (RFC 5646), if that is known.
    package var language: String?
    package var tags: [String]

    package init(
        app: AppNumber, tenant: String = "", alias: String, platform: Platform, nativeToken: String,
        vendor: Route? = nil, mobile: String? = nil, language: String? = nil, tags: [String] = []
    ) {
        self.app = app
        self.tenant = tenant
        self.alias = alias
        self.platform = platform
        self.nativeToken = nativeToken
        self.vendor = vendor
        self.mobile = mobile
        self.language = language
        self.tags = tags
    }
}
