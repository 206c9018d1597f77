/// The applications, as they are reached over the bus.
struct Connectors: Sendable {
    /// An application may have to be started, which the bus allows two minutes.
    private static let patience = Duration.seconds(150)

    let bus: DBusConnection

    func announceEndpoint(_ endpoint: String, of registration: Registration) {
        notify(ConnectorCall.newEndpoint(endpoint, for: registration))
    }

    func announceEnd(of registration: Registration, confirms: Bool) {
        notify(ConnectorCall.unregistered(registration, confirms: confirms))
    }

    private func notify(_ call: DBusMessage) {
        var call = call
        call.expectsReply = false
        bus.send(call)
    }

    /// Brings a push to its application, which is started if it does not run.
    ///
    /// - Parameter end: gets nil when the application took it, else why it did not; on the bus's thread. Of an
    ///   application that does not answer messages, "took" means that it was there to get it.
    func deliver(
        _ push: StoredPush, to registration: Registration, end: @escaping @Sendable (_ problem: String?) -> Void
    ) {
        let message = ConnectorCall.message(push, for: registration)
        guard !message.expectsReply else {
            return bus.call(message, within: Self.patience) { end($0.problem) }
        }
        wake(registration.service) { problem in
            if problem == nil { bus.send(message) }
            end(problem)
        }
    }

    /// Has the application run: nobody says what becomes of a call that wants no answer.
    private func wake(_ service: BusName, then end: @escaping @Sendable (_ problem: String?) -> Void) {
        bus.call(Self.askBus("NameHasOwner", [.string(service.text)]), within: .seconds(25)) { answer in
            if answer.arguments == [.boolean(true)] { return end(nil) }
            let start = Self.askBus("StartServiceByName", [.string(service.text), .uint32(0)])
            bus.call(start, within: Self.patience) { end($0.problem) }
        }
    }

    private static func askBus(_ member: String, _ arguments: [DBusValue]) -> DBusMessage {
        .call(.bus, path: "/org/freedesktop/DBus", interface: "org.freedesktop.DBus", member, arguments)
    }
}

extension DBusMessage {
    /// What an answer says went wrong, if it says that.
    fileprivate var problem: String? {
        guard case .failure(let name) = kind else { return nil }
        return arguments.first?.string.map { "\(name): \($0)" } ?? name
    }
}
