/// A message as it came over SMTP.
struct SMTPMessage: Sendable, Equatable {
    /// Empty for what must not be answered.
    let sender: String
    let recipients: [String]
    /// Header and body, with their line ends.
    let data: [UInt8]
}
