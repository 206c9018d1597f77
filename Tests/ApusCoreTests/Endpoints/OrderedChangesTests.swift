import ApusCore
import ApusTestKit
import Synchronization
import Testing

@Suite("OrderedChanges")
struct OrderedChangesTests {
    /// Lets those wait who come before it is opened.
    private actor Gate {
        private var isOpen = false
        private var waiting: [CheckedContinuation<Void, Never>] = []

        func pass() async {
            guard !isOpen else { return }
            await withCheckedContinuation { waiting.append($0) }
        }

        func open() {
            isOpen = true
            for continuation in waiting { continuation.resume() }
        }
    }

    private final class Record: Sendable {
        private let names = Mutex<[String]>([])
        var all: [String] { names.withLock { $0 } }
        func add(_ name: String) { names.withLock { $0.append(name) } }
    }

    @Test("what one asker wants is done in order, and holds up no other")
    func order() async throws {
        let (changes, gate, record) = (OrderedChanges(), Gate(), Record())
        #expect(
            changes.add(by: "ann") {
                await gate.pass()
                record.add("ann 0")
            })
        for number in 1..<20 { #expect(changes.add(by: "ann") { record.add("ann \(number)") }) }
        #expect(changes.add(by: "ben") { record.add("ben") })
        try await eventually { record.all == ["ben"] }
        await gate.open()
        try await eventually { record.all == ["ben"] + (0..<20).map { "ann \($0)" } }
    }

    @Test("too many are refused, of one asker and of all, until there is room again")
    func bounds() async throws {
        let (changes, gate, record) = (OrderedChanges(most: 3, mostOfOne: 2), Gate(), Record())
        let add = { (asker: String) in
            changes.add(by: asker) {
                await gate.pass()
                record.add(asker)
            }
        }
        #expect(["ann", "ann", "ann", "ben", "eve"].map(add) == [true, true, false, true, false])
        await gate.open()
        try await eventually { record.all.sorted() == ["ann", "ann", "ben"] }
        try await eventually { add("eve") }
    }
}
