/// What a store holds, and what is wrong with it.
package struct StoreReport: Sendable, Equatable {
    package struct Problem: Sendable, Equatable, Codable {
        /// Stable, for programs.
        package let code: String
        package let text: String

        package init(code: String, text: String) {
            self.code = code
            self.text = text
        }
    }

    /// The last migration that made its tables; nil if there is none.
    package var schema: String?
    /// nil if the file is too damaged to count.
    package var counts: StoreCounts?
    package var problems: [Problem]

    package init(problems: [Problem] = []) {
        self.problems = problems
    }
}

/// How much a store holds.
package struct StoreCounts: Sendable, Equatable, Codable {
    package var apps = 0
    package var devices = 0
    package var messages = 0
    /// In each state and end; together all that were accepted and not yet removed.
    package var deliveries: [String: Int] = [:]
}
