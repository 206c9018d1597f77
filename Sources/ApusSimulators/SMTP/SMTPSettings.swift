/// What a simulator of a mail server is started with.
package struct SMTPSettings: Sendable, Equatable {
    /// Who must authenticate; nil if nobody has to.
    package var user: String?
    package var password = ""
    /// Bytes of a message.
    package var sizeLimit = 10 * 1024 * 1024

    package init() {}
}
