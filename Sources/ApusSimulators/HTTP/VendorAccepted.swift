package import ApusCore
package import NIOCore

/// A request to send something that a vendor accepted.
package struct VendorAccepted: Sendable, Equatable {
    /// What the vendor calls it from now on.
    package let id: String
    package let path: String
    /// Who sends mail; nil elsewhere.
    package let sender: String?
    /// Tokens, numbers or addresses.
    package let targets: [String]
    package let body: String
    package let acceptedAt: Timestamp

    /// As one line of JSON, with the line end.
    package func writeLine(into buffer: inout ByteBuffer) {
        buffer.writeJSONObject { line in
            line.member("id", string: id)
            line.member("path", string: path)
            line.member("sender", string: sender)
            line.member("targets", strings: targets)
            line.member("acceptedAt", int: acceptedAt.milliseconds)
            line.member("body", string: body)
        }
        buffer.writeInteger(UInt8(ascii: "\n"))
    }
}
