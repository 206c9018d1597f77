import ApusCore
import ApusTestKit
import Logging
import Testing

@testable import ApusHTTP

@Suite("EventListeners")
struct EventListenersTests {
    private func listeners(most: Int) -> EventListeners {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        return EventListeners(
            EventHub(store: InMemoryMessageStore(), clock: ManualClock(), logger: logger), most: most)
    }

    @Test("of many who ask at once as many are admitted as may listen, and who leaves makes room")
    func limit() async throws {
        let listeners = listeners(most: 3)
        func ask() async -> [EventListeners.Place] {
            await withTaskGroup(of: EventListeners.Place?.self) { group in
                for _ in 0..<100 { group.addTask { try? listeners.admit() } }
                return await group.reduce(into: []) { places, place in
                    if let place { places.append(place) }
                }
            }
        }
        var places = await ask()
        #expect(places.count == 3 && listeners.count == 3)
        places.removeLast()
        #expect(listeners.count == 2)
        #expect(await ask().count == 1)
        places.removeAll()
        #expect(listeners.count == 0)
    }

    @Test("where no journal is kept nobody listens")
    func off() {
        #expect(throws: ApusError.self) { try EventListeners(nil, most: 3).admit() }
    }
}
