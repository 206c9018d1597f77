/// Why a simulator cannot start, as a sentence that says what to change.
package struct APNsSimulatorError: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
