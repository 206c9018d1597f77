/// The XML parsers of one event loop. Connections have one only while a stanza is incomplete.
///
/// Not thread-safe: it belongs to its event loop.
package final class ParserPool {
    private var parsers: [StreamParser] = []
    private let capacity: Int

    /// - Parameter capacity: how many parsers are kept for later, about 10 KB each.
    package init(capacity: Int = 16) {
        self.capacity = capacity
    }

    /// How many parsers wait to be used.
    package var count: Int { parsers.count }

    func take() -> StreamParser {
        parsers.popLast() ?? StreamParser()
    }

    func giveBack(_ parser: StreamParser) {
        if parsers.count < capacity, !parser.isBloated { parsers.append(parser) }
    }
}
