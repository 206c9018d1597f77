/// One setting: its name, what it may be, and the member of `Configuration` that it sets.
package struct ConfigurationKey: Sendable {
    /// Section and name, such as `server.port`.
    package let name: String
    /// One line for people: what the key is for.
    package let summary: String
    /// What a value must be; completes the sentence "it must be …".
    package let expected: String
    /// Whether the value is never shown.
    package let isSecret: Bool
    /// Whether a change holds as soon as the configuration is read again, and not after a restart only.
    package let isReloadable: Bool

    /// Sets the member to what a text says. Answers false, and changes nothing, if the text is not what is expected.
    let assign: @Sendable (_ text: String, _ configuration: inout Configuration) -> Bool
    /// The member's value as it would be written in the file; `nil` if there is none.
    let text: @Sendable (Configuration) -> String?
    /// Sets the member of the second to that of the first.
    let copy: @Sendable (Configuration, inout Configuration) -> Void

    init<Value>(
        _ name: String,
        _ member: any WritableKeyPath<Configuration, Value> & Sendable,
        _ type: ConfigurationType<Value>,
        isSecret: Bool = false,
        isReloadable: Bool = false,
        _ summary: String
    ) {
        self.name = name
        self.summary = summary
        self.isSecret = isSecret
        self.isReloadable = isReloadable
        expected = type.expected
        assign = { text, configuration in
            guard let value = type.parse(text) else { return false }
            configuration[keyPath: member] = value
            return true
        }
        text = { type.format($0[keyPath: member]) }
        copy = { $1[keyPath: member] = $0[keyPath: member] }
    }

    /// The default as it would be written in the file; `nil` if there is none.
    package var defaultText: String? { text(Configuration()) }

    /// The part before the dot, a section of the file.
    package var section: String { String(name.prefix { $0 != "." }) }

    /// The part after the dot.
    package var nameInSection: String { String(name.drop { $0 != "." }.dropFirst()) }

    /// The environment variable, such as `APUS_SERVER_PORT` for `server.port`.
    package var environmentName: String {
        "APUS_" + name.uppercased().replacing(".", with: "_")
    }
}
