/// Why there is no connection to the bus, and what to do about it.
package struct DBusFailure: Error, Equatable, CustomStringConvertible {
    package let code: String
    package let description: String

    private init(code: String, _ description: String) {
        self.code = code
        self.description = description
    }

    static let noSessionBus = Self(
        code: "no_session_bus",
        "There is no session bus: neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR says where it is. Run this in "
            + "your session, or under `dbus-run-session`.")

    static func unreachable(_ address: String, reason: String) -> Self {
        .init(code: "bus_unreachable", "The session bus at \(address) cannot be reached: \(reason).")
    }

    static func nameRefused(_ name: BusName, reason: String) -> Self {
        .init(code: "name_refused", "The bus refuses the name \(name): \(reason).")
    }

    static func nameTaken(_ name: BusName) -> Self {
        .init(
            code: "name_taken",
            "\(name) is taken: a distributor runs already. Stop it by `systemctl --user stop apus-distributor`, or set "
                + "another \"name\" in the configuration.")
    }

    static func noDescriptor(reason: String) -> Self {
        .init(code: "no_descriptor", "No pipe can be made: \(reason).")
    }

    static let ended = Self(code: "bus_ended", "The session bus ended the connection.")
}
