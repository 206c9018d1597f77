/// A vendor's push service: reaches a device that holds no connection of its own.
package protocol PushProvider: CredentialHolder {
    /// Whether it has what it needs to send for the app.
    func serves(_ app: AppNumber) -> Bool
    /// Whether it is the one to reach a device of this platform, whose token is `vendor`'s, or of no vendor in particular.
    func reaches(_ platform: Platform, _ vendor: Route?) -> Bool
    /// A device's token in the form in which it is kept, so that the same device has the same token.
    /// - Throws: `ApusError` that says what is wrong with it.
    func checked(token: String) throws(ApusError) -> String
    /// Takes a delivery over without waiting.
    /// - Parameter completion: called exactly once, on any thread; it does not block.
    /// - Returns: false if the provider has as much under way as it may, or does not send at the moment. The delivery
    ///   then stays in the outbox, and `completion` is not called.
    func submit(_ delivery: VendorDelivery, completion: @escaping @Sendable (VendorOutcome) -> Void) -> Bool
    /// How a job of it stands now; nil if that cannot be told at the moment.
    func status(of task: VendorTask) async -> VendorTaskStatus?
    /// Why it does not send for the app at the moment; nil if it does.
    func problem(of app: AppNumber) -> String?
    /// Takes no more, and returns when everything under way has been answered or given up.
    func shutdown() async
}

extension PushProvider {
    package func status(of task: VendorTask) async -> VendorTaskStatus? { nil }

    package func checked(token: String) throws(ApusError) -> String { token }
}
