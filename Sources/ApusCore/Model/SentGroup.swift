/// One message handed to many devices by the same way at about the same time, none of which confirms it: the usual
/// outcome of a broadcast. Worth the same as a `DeliveryChange.sent` for each device, and cheaper to write.
package struct SentGroup: Sendable, Equatable {
    package let message: MessageID
    package let route: Route
    package let at: Timestamp
    package var devices: [DeviceNumber]

    package init(message: MessageID, route: Route, at: Timestamp, devices: [DeviceNumber]) {
        self.message = message
        self.route = route
        self.at = at
        self.devices = devices
    }

    package var changes: [DeliveryChange] {
        devices.map { .sent(message, $0, route, at: at) }
    }
}
