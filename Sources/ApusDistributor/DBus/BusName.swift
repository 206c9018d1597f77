/// The name that a program owns on the bus, as in `org.example.App` (D-Bus specification, "Bus names").
package struct BusName: Hashable, Sendable, CustomStringConvertible {
    package let text: String

    static let bus = BusName(checked: "org.freedesktop.DBus")
    /// The distributor's, unless it is configured otherwise.
    package static let distributor = BusName(checked: "org.unifiedpush.Distributor.Apus")

    private init(checked text: String) {
        self.text = text
    }

    /// - Returns: nil if it is not a well-known name: two or more parts of letters, digits, `_` and `-`, none of which
    ///   starts with a digit, in at most 255 bytes.
    package init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard text.utf8.count <= 255, parts.count > 1, parts.allSatisfy(Self.isPart) else { return nil }
        self.text = text
    }

    private static func isPart(_ part: Substring.UTF8View) -> Bool {
        guard let first = part.first, !isDigit(first) else { return false }
        return part.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
                UInt8(ascii: "-"):
                true
            default: isDigit(byte)
            }
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
    }

    package var description: String { text }
}
