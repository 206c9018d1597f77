import ApusCore
import Testing

@Suite("Message ids")
struct MessageIDTests {
    @Test("grow strictly, also when the clock stands still or jumps back")
    func grow() {
        var generator = MessageIDGenerator(node: NodeNumber(3), last: .zero)
        var last = MessageID.zero
        var times = Array(repeating: Int64(1_800_000_000_000), count: 20_000)
        times += (0..<1000).map { 1_800_000_000_500 - $0 * 10 }
        times += (0..<1000).map { 1_800_000_010_000 + $0 }
        for time in times {
            let id = generator.next(at: Timestamp(milliseconds: time))
            #expect(id > last)
            last = id
        }
    }

    @Test("never repeat after a restart with a clock that was set back")
    func restart() {
        var before = MessageIDGenerator(node: NodeNumber(0), last: .zero)
        let last = before.next(at: Timestamp(milliseconds: 2_000_000_000_000))
        var after = MessageIDGenerator(node: NodeNumber(0), last: last)
        #expect(after.next(at: Timestamp(milliseconds: 1_000_000_000_000)) > last)
    }

    @Test("differ between nodes at the same time, and tell it")
    func nodes() {
        let now = Timestamp(milliseconds: 1_800_000_000_123)
        var one = MessageIDGenerator(node: NodeNumber(1), last: .zero)
        var two = MessageIDGenerator(node: NodeNumber(2), last: .zero)
        let (a, b) = (one.next(at: now), two.next(at: now))
        #expect(a != b)
        #expect(a.time == now && b.time == now)
        #expect(a >= MessageID(lowestAt: now) && a < MessageID(lowestAt: now.adding(milliseconds: 1)))
    }

    @Test("are read from decimal text and nothing else")
    func text() {
        #expect(Self.read("7412345678901234567") == MessageID(7_412_345_678_901_234_567))
        for wrong in ["", "0", "-1", "1x", " 1", "99999999999999999999", "1.5"] {
            #expect(Self.read(wrong) == nil, "\(wrong)")
            #expect(MessageID(wrong) == nil, "\(wrong)")
        }
    }

    private static func read(_ text: String) -> MessageID? {
        Array(text.utf8).withUnsafeBytes { MessageID(ascii: $0) }
    }
}
