/// The receivers of a notification: user numbers with commas between them, each once.
package struct ReceiverList: Sendable, Equatable {
    /// More than these are not taken.
    package static let most = 10_000

    package let numbers: [String]

    /// Takes the commas and semicolons that people type, those of Chinese keyboards too.
    package init(_ text: String) {
        var seen: Set<String> = []
        numbers = text.split(whereSeparator: { ",，;；、".contains($0) || $0.isNewline })
            .map { $0.trimmed }
            .filter { !$0.isEmpty && seen.insert($0).inserted }
    }
}

extension StringProtocol {
    /// Without the white space around it.
    package var trimmed: String {
        let start = firstIndex { !$0.isWhitespace } ?? endIndex
        let end = lastIndex { !$0.isWhitespace }.map { index(after: $0) } ?? start
        return String(self[start..<end])
    }
}
