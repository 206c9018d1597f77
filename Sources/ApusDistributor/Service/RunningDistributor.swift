/// The distributor that runs in this session, asked over the bus.
package struct RunningDistributor: Sendable {
    private let bus: DBusConnection
    private let name: BusName

    /// - Parameter name: its name on the bus.
    /// - Throws: `DBusFailure`.
    package init(name: BusName) throws(DBusFailure) {
        self.name = name
        bus = try DBusConnection.open(try SessionBus.address())
        bus.start(receive: { _ in }, end: {})
    }

    package func close() {
        bus.close()
    }

    /// - Returns: nil if no distributor runs; none is started.
    /// - Throws: `DistributorCallError`.
    package func status() async throws(DistributorCallError) -> DistributorStatus? {
        var call = DBusMessage.call(
            name, path: DistributorObject.path, interface: "org.freedesktop.DBus.Properties", "GetAll",
            [.string(DistributorStatus.interface)])
        call.mayActivate = false
        let answer = await answer(to: call)
        switch answer.kind {
        case .answer: return DistributorStatus(properties: answer.arguments.first?.dictionary ?? [:])
        case .failure("org.freedesktop.DBus.Error.ServiceUnknown"),
            .failure("org.freedesktop.DBus.Error.NameHasNoOwner"):
            return nil
        default: throw DistributorCallError(answer)
        }
    }

    /// Ends a registration. The application hears of it.
    ///
    /// - Returns: whether there was one.
    /// - Throws: `DistributorCallError`.
    package func unregister(appToken: String) async throws(DistributorCallError) -> Bool {
        let call = DBusMessage.call(
            name, path: DistributorObject.path, interface: DistributorStatus.interface, "Unregister",
            [.string(appToken)])
        let answer = await answer(to: call)
        guard answer.kind == .answer else { throw DistributorCallError(answer) }
        return answer.arguments.first == .boolean(true)
    }

    private func answer(to call: DBusMessage) async -> DBusMessage {
        await withCheckedContinuation { continuation in
            bus.call(call, within: .seconds(25)) { continuation.resume(returning: $0) }
        }
    }
}

/// What the distributor, or the bus for it, answered instead.
package struct DistributorCallError: Error, Equatable, CustomStringConvertible {
    package let description: String

    init(_ answer: DBusMessage) {
        let name = if case .failure(let name) = answer.kind { name } else { "no answer" }
        description =
            "The distributor did not answer (\(name)). Start it by `systemctl --user start apus-distributor`."
    }
}
