/// A push that is on disk until its application has it.
struct StoredPush: Equatable, Sendable {
    /// Grows with each push, and is never used again.
    let id: Int64
    let payload: [UInt8]
}
