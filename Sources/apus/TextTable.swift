/// Aligned columns of plain text.
struct TextTable {
    private var rows: [[String]]

    /// - Parameter header: the columns' titles; none for a list of names and values.
    init(header: [String] = []) {
        rows = header.isEmpty ? [] : [header]
    }

    mutating func add(_ cells: String...) {
        rows.append(cells)
    }

    /// The lines, each without spaces at its end. An empty cell shows as `-`.
    var text: String {
        let cells = rows.map { $0.map { $0.isEmpty ? "-" : $0 } }
        let count = cells.map(\.count).max() ?? 0
        let widths = (0..<count).map { column in
            cells.map { column < $0.count ? $0[column].columns : 0 }.max() ?? 0
        }
        return cells.map { row in
            let padded = row.enumerated().map { column, cell in
                column == row.count - 1
                    ? cell : cell + String(repeating: " ", count: widths[column] - cell.columns + 2)
            }
            return padded.joined()
        }.joined(separator: "\n")
    }
}

extension String {
    /// How many columns of a terminal the text takes: two for each Chinese, Japanese or Korean character and emoji.
    fileprivate var columns: Int {
        reduce(0) { $0 + ($1.unicodeScalars.first.map(Self.isWide) == true ? 2 : 1) }
    }

    private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
            0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
            true
        default: false
        }
    }
}
