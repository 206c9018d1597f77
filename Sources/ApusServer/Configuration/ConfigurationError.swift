/// Everything that is wrong with a configuration, so that it can be put right in one go.
package struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    /// One sentence for each problem: which key, which value, where it was set, and what is expected.
    package let problems: [String]

    package init(problems: [String]) {
        self.problems = problems
    }

    package var description: String { problems.joined(separator: "\n") }
}

extension ConfigurationError {
    static func wrongValue(_ key: ConfigurationKey, _ text: String, _ origin: ConfigurationOrigin) -> String {
        let value = key.isSecret ? "its value" : "\"\(text)\""
        return "\(origin): \(key.name) cannot be \(value); it must be \(key.expected)."
    }

    /// `name` is what was written, `candidates` what it may have been meant to be.
    static func unknown(_ name: String, _ origin: ConfigurationOrigin, candidates: [String]) -> String {
        let sentence = "\(origin): there is no key \(name)."
        guard let nearest = NearestName.of(name, among: candidates) else { return sentence }
        return sentence + " Did you mean \(nearest)?"
    }
}
