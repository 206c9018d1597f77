/// The bytes that XML gives a meaning to.
enum XMLBytes {
    /// White space (XML 1.0, production 3).
    @inline(__always)
    static func isWhiteSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }
}
