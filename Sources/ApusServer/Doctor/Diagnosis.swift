/// What one check found, and what to do about it.
package struct Diagnosis: Sendable, Equatable, Encodable {
    package enum State: String, Sendable, Encodable {
        case ok
        /// It works, but will not under some circumstance.
        case warning
        /// It does not work, or what was accepted is not safe.
        case problem
    }

    /// What was looked at: stable, for programs.
    package let check: String
    package let state: State
    package let finding: String
    /// What to do; nil if there is nothing to do.
    package let advice: String?

    static func ok(_ check: String, _ finding: String) -> Diagnosis {
        Diagnosis(check: check, state: .ok, finding: finding, advice: nil)
    }

    static func warning(_ check: String, _ finding: String, _ advice: String) -> Diagnosis {
        Diagnosis(check: check, state: .warning, finding: finding, advice: advice)
    }

    static func problem(_ check: String, _ finding: String, _ advice: String) -> Diagnosis {
        Diagnosis(check: check, state: .problem, finding: finding, advice: advice)
    }
}
