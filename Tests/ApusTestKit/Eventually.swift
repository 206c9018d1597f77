/// Looks again and again until something that happens elsewhere is so, two minutes at most. It returns at once then: the
/// pause between two looks only leaves the processor to whoever has to make it so.
/// - Throws: `WaitedInVain`.
package func eventually(_ what: String = "the condition", _ isTrue: () throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(120)
    while try !isTrue() {
        guard ContinuousClock.now < deadline else { throw WaitedInVain(description: "waited in vain for \(what)") }
        try await ContinuousClock().sleep(for: .milliseconds(1))
    }
}

package struct WaitedInVain: Error, CustomStringConvertible {
    package let description: String
}
