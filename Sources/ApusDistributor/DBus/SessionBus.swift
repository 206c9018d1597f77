import Foundation

/// Where the session's bus is.
enum SessionBus {
    /// - Throws: `DBusFailure` if there is none.
    static func address(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(DBusFailure) -> String {
        if let address = environment["DBUS_SESSION_BUS_ADDRESS"], !address.isEmpty { return address }
        guard let directory = environment["XDG_RUNTIME_DIR"], directory.hasPrefix("/") else { throw .noSessionBus }
        return "unix:path=" + directory + "/bus"
    }
}
