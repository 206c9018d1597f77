import NIOCore

/// Which of a server's addresses the next connection goes to: one that fewest connections have and that has not failed
/// lately. Apple asks not to load a few of them.
struct AddressBook {
    private static let memory = TimeAmount.minutes(5)

    private var failures: [SocketAddress: NIODeadline] = [:]

    /// - Parameters:
    ///   - addresses: all that the server has.
    ///   - used: those that connections have, each as often as there are connections.
    /// - Returns: nil if there are none.
    mutating func choose(
        from addresses: [SocketAddress], used: [SocketAddress], at now: NIODeadline,
        using generator: inout some RandomNumberGenerator
    ) -> SocketAddress? {
        failures = failures.filter { now - $0.value < Self.memory && addresses.contains($0.key) }
        return addresses.shuffled(using: &generator).min { rank($0, used) < rank($1, used) }
    }

    mutating func failed(_ address: SocketAddress, at now: NIODeadline) {
        failures[address] = now
    }

    private func rank(_ address: SocketAddress, _ used: [SocketAddress]) -> (NIODeadline, Int) {
        (failures[address] ?? .distantPast, used.count { $0 == address })
    }
}
