/// A mail on its way over a connection: what is left to send, and what the server said last.
final class SMTPTransfer {
    private let bytes: [UInt8]
    private(set) var sent = 0
    private(set) var lastReply: SMTPReply?
    /// Whether it is to be broken off.
    private let isCancelled: () -> Bool

    init(_ mail: String, isCancelled: @escaping () -> Bool) {
        bytes = Array(mail.utf8)
        self.isCancelled = isCancelled
    }

    var size: Int { bytes.count }
    /// Before that the server cannot have accepted the mail.
    var isAllSent: Bool { sent == bytes.count }
    var mustStop: Bool { isCancelled() }

    /// Copies as much as there is room for.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, bytes.count - sent)
        buffer.copyBytes(from: bytes[sent..<sent + count])
        sent += count
        return count
    }

    func received(_ line: String) {
        // The answer to QUIT tells nothing about the mail.
        if let reply = SMTPReply(line: line), reply.code != 221 { lastReply = reply }
    }
}
