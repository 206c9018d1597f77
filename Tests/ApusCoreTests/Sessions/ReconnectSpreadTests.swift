import ApusCore
import Testing

@Suite("Coming back after a stop")
struct ReconnectSpreadTests {
    @Test("no second has more devices than may come back in one")
    func even() {
        let spread = ReconnectSpread(devices: 10_000, perSecond: 500)
        var counts: [Int: Int] = [:]
        // As on two event loops that have unequal shares.
        for (count, indices) in [(7000, 0..<7000), (3000, 0..<3000)] {
            for index in indices { counts[spread.delay(of: index, among: count), default: 0] += 1 }
        }
        #expect(counts.keys.min() == ReconnectSpread.earliest)
        #expect(counts.keys.max() == ReconnectSpread.earliest + 19)
        #expect(counts.values.allSatisfy { (499...501).contains($0) })
    }

    @Test("a few devices come back at once")
    func few() {
        let spread = ReconnectSpread(devices: 3, perSecond: 500)
        #expect((0..<3).allSatisfy { spread.delay(of: $0, among: 3) == ReconnectSpread.earliest })
        #expect(ReconnectSpread(devices: 0, perSecond: 1).delay(of: 0, among: 0) == ReconnectSpread.earliest)
    }
}
