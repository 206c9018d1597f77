/// Comparison of secrets.
package enum ConstantTime {
    /// Whether the two are equal, in time that does not depend on where they differ. Their length is no secret.
    package static func isEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        guard a.count == b.count else { return false }
        var difference: UInt8 = 0
        for (x, y) in zip(a, b) { difference |= x ^ y }
        return difference == 0
    }
}
