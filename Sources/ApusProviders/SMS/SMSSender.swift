/// Brings texts to phones.
package protocol SMSSender: Sendable {
    /// - Parameter completion: called exactly once, on any thread; it must not block.
    func send(_ message: SMSMessage, completion: @escaping @Sendable (SendOutcome) -> Void)
}
