import Testing

@testable import ApusSimulators

@Suite("VendorRuleBook")
struct VendorRuleBookTests {
    @Test("a rule takes effect after so many requests, so many times, and then the next that fits")
    func counts() {
        let first = VendorRule(.status(503), after: 1, times: 2)
        let second = VendorRule(.fault(.close))
        var book = VendorRuleBook()
        book.replace(with: [first, second])
        let effects = (0..<5).map { _ in book.rule(forPath: "/") }
        #expect(effects == [nil, first, first, second, second])
        book.replace(with: [first])
        let anew = (0..<2).map { _ in book.rule(forPath: "/") }
        #expect(anew == [nil, first])
    }

    @Test("rules with a prefix are for targets, others for requests, both by path")
    func fitting() {
        let target = VendorRule(prefix: "dead", .code("1"))
        let request = VendorRule(path: "/send", .status(500))
        var book = VendorRuleBook()
        book.replace(with: [target, request])
        let targets = ["dead-1", "live"].map { book.rule(forTarget: $0, path: "/send") }
        #expect(targets == [target, nil])
        let requests = ["/send/one", "/status"].map { book.rule(forPath: $0) }
        #expect(requests == [request, nil])
    }
}
