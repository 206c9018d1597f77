/// Where a value comes from.
package enum ConfigurationOrigin: Sendable, Equatable, CustomStringConvertible {
    case `default`
    /// `line` counts from 1.
    case file(String, line: Int?)
    case environment(String)
    /// The flag as it was typed, such as `--port`.
    case flag(String)

    package var description: String {
        switch self {
        case .default: "default"
        case .file(let path, let line?): "\(path):\(line)"
        case .file(let path, nil): path
        case .environment(let variable): "environment \(variable)"
        case .flag(let flag): "flag \(flag)"
        }
    }
}

/// A value as it was written somewhere, before it is known to be right.
struct ConfigurationEntry: Sendable {
    /// The key's dotted name as written; it may be unknown.
    let name: String
    let text: String
    let origin: ConfigurationOrigin
}

/// A value that the command line gives.
package struct ConfigurationFlag: Sendable {
    /// The key's dotted name.
    package let key: String
    package let value: String
    /// The flag as it was typed, for errors: `--port`.
    package let flag: String

    package init(key: String, value: String, flag: String) {
        self.key = key
        self.value = value
        self.flag = flag
    }
}
