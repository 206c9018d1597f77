/// A user logs in on a device: what `app/device` of seed 004 is told.
package struct DeviceLogin: Sendable, Equatable {
    package var userNumber: String
    /// Identifies the installation, whoever is logged in and whatever its token is.
    package var uuid: String
    package var name: String
    package var os: String
    package var osVersion: String
    /// The vendor's token; empty while the app has none.
    package var pushToken: String
    /// The vendor in the app's word, whether Apus knows it or not.
    package var pushPlatform: String
    /// The device as Apus reaches it.
    package var registration: DeviceRegistration

    package init(
        userNumber: String, uuid: String, name: String = "", os: String = "", osVersion: String = "",
        pushToken: String = "", pushPlatform: String = "", registration: DeviceRegistration
    ) {
        self.userNumber = userNumber
        self.uuid = uuid
        self.name = name
        self.os = os
        self.osVersion = osVersion
        self.pushToken = pushToken
        self.pushPlatform = pushPlatform
        self.registration = registration
    }

    /// - Parameter app: the app that the device is of.
    package init(
        userNumber: String, uuid: String, name: String, platform: Platform, os: String, osVersion: String,
        pushToken: String, pushPlatform: String, app: AppNumber
    ) {
        self.init(
            userNumber: userNumber, uuid: uuid, name: name, os: os, osVersion: osVersion, pushToken: pushToken,
            pushPlatform: pushPlatform,
            registration: DeviceRegistration(
                app: app, alias: userNumber, platform: platform,
                // Without a token the device can still connect by itself.
                nativeToken: pushToken.isEmpty ? "uuid:\(uuid)" : pushToken,
                vendor: pushToken.isEmpty ? .noVendor : Route(rawValue: pushPlatform)))
    }
}

extension Route {
    /// Of a device that no vendor can reach, only a connection of its own.
    package static let noVendor = Route(rawValue: "none")
}

/// What became of a login.
package struct LoggedIn: Sendable, Equatable {
    /// The id of the row of `sys_user_devices`.
    package let userDevice: Int64
    package let device: Device
    /// The device that the installation was until now, if it is another one.
    package let former: DeviceNumber?

    package init(userDevice: Int64, device: Device, former: DeviceNumber?) {
        self.userDevice = userDevice
        self.device = device
        self.former = former
    }
}

extension Dispatcher {
    /// The login with its token in the form of whoever reaches the device. A token that no vendor takes loses nobody:
    /// the device is then reached only while it is connected.
    /// - Returns: why the token is of no use; nil if it is.
    package func checked(_ login: DeviceLogin) -> (DeviceLogin, problem: ApusError?) {
        var checked = login
        guard login.registration.vendor != .noVendor else { return (login, nil) }
        do throws(ApusError) {
            checked.registration = try self.checked(login.registration)
            return (checked, nil)
        } catch {
            checked.registration.vendor = .noVendor
            return (checked, error)
        }
    }
}
