/// A vendor's push service: reaches a device that holds no connection of its own.
///
/// What becomes of a submitted delivery is reported to `Dispatcher.record`.
package protocol PushProvider: Sendable {
    func serves(_ app: AppNumber, _ platform: Platform) -> Bool
    /// Takes a delivery over without waiting.
    /// - Returns: false if the provider has as much under way as it may; the delivery then stays in the store.
    func submit(_ message: Message, to device: DeviceNumber) -> Bool
}
