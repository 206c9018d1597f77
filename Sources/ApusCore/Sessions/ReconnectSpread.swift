/// When devices are to come back after a stop, so that the next start does not meet all of them at one moment.
package struct ReconnectSpread: Sendable, Equatable {
    /// Seconds that a restart is given.
    package static let earliest = 3

    /// Seconds between the first that comes back and the last.
    private let seconds: Int

    package init(devices: Int, perSecond: Int) {
        seconds = devices / max(perSecond, 1)
    }

    /// - Returns: after how many seconds the device with this index, of so many, is to come back.
    package func delay(of index: Int, among count: Int) -> Int {
        Self.earliest + (count > 0 ? seconds * index / count : 0)
    }
}
