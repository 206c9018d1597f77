import ApusCore

extension RetryDelay {
    /// Of what a vendor could not take.
    static let vendor = RetryDelay(shortest: 5, longest: 3600)
}

extension VendorBatch {
    /// Seconds until it is tried again, if the vendor does not say.
    var retryDelay: Int64 { RetryDelay.vendor.spreadSeconds(after: attempts + 1) }
}
