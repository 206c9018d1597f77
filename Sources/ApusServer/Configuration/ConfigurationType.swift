/// What a key's value may be: how it is read from a text and written as one.
struct ConfigurationType<Value: Sendable>: Sendable {
    /// Completes the sentence "it must be …".
    let expected: String
    /// `nil` if the text is not what is expected.
    let parse: @Sendable (String) -> Value?
    /// `nil` if there is no value.
    let format: @Sendable (Value) -> String?
}

extension ConfigurationType where Value == String {
    static var text: Self {
        Self(expected: "text that is not empty", parse: { $0.isEmpty ? nil : $0 }, format: { $0 })
    }
}

extension ConfigurationType where Value == String? {
    static var optionalText: Self {
        Self(expected: "text that is not empty", parse: { $0.isEmpty ? nil : .some($0) }, format: { $0 })
    }
}

extension ConfigurationType where Value == Bool {
    static var boolean: Self {
        Self(
            expected: "true or false",
            parse: { $0 == "true" ? true : $0 == "false" ? false : nil },
            format: { $0 ? "true" : "false" })
    }
}

extension ConfigurationType where Value == Int {
    static func integer(_ range: ClosedRange<Int>) -> Self {
        Self(
            expected: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            parse: { Int($0).flatMap { range.contains($0) ? $0 : nil } },
            format: { String($0) })
    }
}

extension ConfigurationType where Value == Int? {
    static func optionalInteger(_ range: ClosedRange<Int>) -> Self {
        Self(
            expected: "a whole number from \(range.lowerBound) to \(range.upperBound), or nothing",
            parse: { Int($0).flatMap { range.contains($0) ? .some($0) : nil } },
            format: { $0.map(String.init) })
    }
}

extension ConfigurationType where Value == [String] {
    static var list: Self {
        Self(
            expected: "names with commas between them",
            parse: { text in
                let names = text.split(separator: ",").map { $0.filter { $0 != " " } }
                return names.isEmpty || names.contains("") ? nil : names
            },
            format: { $0.isEmpty ? nil : $0.joined(separator: ",") })
    }
}

extension ConfigurationType where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
    /// One of the names of an enumeration's cases.
    static func choice() -> Self {
        Self(
            expected: "one of " + Value.allCases.map(\.rawValue).joined(separator: ", "),
            parse: { Value(rawValue: $0) },
            format: { $0.rawValue })
    }
}
