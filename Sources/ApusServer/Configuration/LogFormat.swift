/// How log lines are written.
package enum LogFormat: String, CaseIterable, Sendable {
    /// For people: a line each, `key=value` behind the message.
    case text
    /// For programs: a JSON object on a line of its own.
    case json
}
