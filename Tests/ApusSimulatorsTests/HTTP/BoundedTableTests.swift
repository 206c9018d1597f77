import Testing

@testable import ApusSimulators

@Suite("BoundedTable")
struct BoundedTableTests {
    @Test("the oldest key goes when there are too many")
    func bounded() {
        var table = BoundedTable<String, Int>(limit: 2)
        table["a"] = 1
        table["b"] = 2
        table["a"] = 3
        #expect(table["a"] == 3)
        table["c"] = 4
        #expect(table["a"] == nil)
        #expect(table["b"] == 2)
        #expect(table["c"] == 4)
    }
}
