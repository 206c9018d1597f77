import Foundation

/// Where the distributor keeps what it has (XDG Base Directory Specification).
package struct DistributorPaths: Equatable, Sendable {
    package let configuration: String
    package let book: String

    /// - Parameter environment: the process's.
    package init(environment: [String: String]) {
        let home = environment["HOME"] ?? "/"
        configuration = Self.directory("XDG_CONFIG_HOME", environment, home + "/.config") + "/config.json"
        book = Self.directory("XDG_DATA_HOME", environment, home + "/.local/share") + "/registrations.sqlite"
    }

    /// Paths that are not absolute do not count.
    private static func directory(_ name: String, _ environment: [String: String], _ usual: String) -> String {
        let base = environment[name].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? usual
        return base + "/apus-distributor"
    }
}
