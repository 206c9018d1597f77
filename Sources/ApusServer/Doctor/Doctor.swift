import Foundation

/// Looks at everything around the server that can keep it from starting, from keeping its promises or from holding as
/// many devices as it could. Changes nothing; what it writes to measure the disk is removed.
package enum Doctor {
    /// - Parameter progress: told what is being looked at.
    package static func examine(_ configuration: Configuration, progress: (String) -> Void) -> [Diagnosis] {
        let parts: [(String, (Configuration) -> [Diagnosis])] = [
            ("the limits", limits), ("the disk", disk), ("the clock", clock), ("the files", files),
            ("the ports", ports), ("the certificate", certificate), ("the settings", settings),
        ]
        return parts.flatMap { name, examine in
            progress(name)
            return examine(configuration)
        }
    }

    /// What is the matter when the configuration itself is wrong, so that nothing else can be looked at.
    package static func diagnosis(of error: ConfigurationError) -> Diagnosis {
        .problem(
            "configuration", error.description,
            "Correct it; `apus config example` prints every key with what it may be.")
    }

    /// The number in a file of one number, as those in /proc are.
    static func number(in path: String) -> Int? {
        (try? String(contentsOfFile: path, encoding: .utf8)).flatMap {
            Int($0.trimmingCharacters(in: .whitespacesAndNewlines))
        }
    }
}
