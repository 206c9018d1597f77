/// A vendor that finds a message's devices by itself: what becomes of single devices is not known then.
package protocol VendorJobs: Sendable {
    /// Sends a message. A vendor that knows the message's id again does not send it a second time.
    /// - Throws: `ApusError` that says what is wrong, or what the vendor answered.
    func send(_ message: Message, to audience: JobAudience, on platform: Platform) async throws(ApusError) -> VendorTask
    /// How a job stands; nil if that cannot be told at the moment.
    func status(of task: VendorTask) async -> VendorTaskStatus?
    /// Stops a job that is not done.
    /// - Throws: `ApusError` with what the vendor answered.
    func cancel(_ task: VendorTask) async throws(ApusError)
}

/// Whom a vendor itself is to find.
package enum JobAudience: Sendable, Equatable {
    /// Every device of the app.
    case everyone
    /// Those that a filter of the vendor's finds, the text of a JSON object.
    case filter(String)
    /// Those that the app gave these names.
    case aliases([String], type: String)
}
