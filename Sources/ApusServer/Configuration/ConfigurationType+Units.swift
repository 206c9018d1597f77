extension ConfigurationType where Value == Duration {
    /// A number and its unit: `250ms`, `10s`, `5m`, `2h`, `3d`. Without a unit only 0 is a duration.
    static func duration(_ range: ClosedRange<Duration>) -> Self {
        let units = UnitScale.milliseconds
        let (shortest, longest) = (range.lowerBound.milliseconds, range.upperBound.milliseconds)
        return Self(
            expected: "a time from \(units.format(shortest)) to \(units.format(longest))",
            parse: { text in
                units.parse(text).map { .milliseconds($0) }.flatMap { range.contains($0) ? $0 : nil }
            },
            format: { units.format($0.milliseconds) })
    }
}

extension ConfigurationType where Value == Int {
    /// A number of bytes, or a number and its unit: `512B`, `4KB`, `1MB`. 1KB is 1,024 bytes.
    static func size(_ range: ClosedRange<Int>) -> Self {
        let units = UnitScale.bytes
        let (smallest, largest) = (Int64(range.lowerBound), Int64(range.upperBound))
        return Self(
            expected: "a size from \(units.format(smallest)) to \(units.format(largest))",
            parse: { text in
                units.parse(text).flatMap { Int(exactly: $0) }.flatMap { range.contains($0) ? $0 : nil }
            },
            format: { units.format(Int64($0)) })
    }
}

extension Duration {
    /// Reads `250ms`, `10s`, `5m`, `2h` or `3d`.
    package init?(_ text: String) {
        guard let milliseconds = UnitScale.milliseconds.parse(text) else { return nil }
        self = .milliseconds(milliseconds)
    }

    /// As `init` reads it, in the largest unit that leaves no rest.
    package var text: String { UnitScale.milliseconds.format(milliseconds) }
}

extension Int {
    static func kilobytes(_ count: Int) -> Int { count << 10 }
    static func megabytes(_ count: Int) -> Int { count << 20 }
    static func gigabytes(_ count: Int) -> Int { count << 30 }
    static func terabytes(_ count: Int) -> Int { count << 40 }
}

/// The units of one quantity, and how numbers with such units are read and written.
private struct UnitScale: Sendable {
    /// From the largest to the smallest, each with what it is worth.
    let units: [(name: String, worth: Int64)]
    /// The unit of a number without one; `nil` if only 0 may stand alone.
    let unitIfMissing: String?

    static let milliseconds = UnitScale(
        units: [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)], unitIfMissing: nil)
    static let bytes = UnitScale(
        units: [("TB", 1 << 40), ("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10), ("B", 1)], unitIfMissing: "B")

    func parse(_ text: String) -> Int64? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let count = Int64(digits) else { return nil }
        let suffix = text.dropFirst(digits.count)
        if suffix.isEmpty, count == 0 { return 0 }
        guard let unit = suffix.isEmpty ? unitIfMissing : String(suffix),
            let worth = units.first(where: { $0.name.lowercased() == unit.lowercased() })?.worth
        else { return nil }
        let (value, isTooLarge) = count.multipliedReportingOverflow(by: worth)
        return isTooLarge ? nil : value
    }

    /// In the largest unit that leaves no rest.
    func format(_ value: Int64) -> String {
        guard value != 0, let unit = units.first(where: { value % $0.worth == 0 }) else { return "0" }
        return "\(value / unit.worth)\(unit.name)"
    }
}
