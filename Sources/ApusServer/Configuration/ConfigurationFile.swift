import Foundation
import Yams

/// Reads a YAML file of sections and keys.
enum ConfigurationFile {
    /// The file's entries, in order. A key without a value (`admin_token:`) is as good as left out.
    ///
    /// - Throws: `ConfigurationError` if the file cannot be read or is not a mapping in YAML.
    static func entries(path: String) throws(ConfigurationError) -> [ConfigurationEntry] {
        let yaml: String
        do {
            yaml = try String(contentsOf: URL(fileURLWithPath: path), encoding: .utf8)
        } catch {
            let reason = FileManager.default.fileExists(atPath: path) ? "it is not readable text" : "it does not exist"
            throw ConfigurationError(problems: ["The configuration file \(path) cannot be read: \(reason)."])
        }
        return try entries(yaml: yaml, path: path)
    }

    static func entries(yaml: String, path: String) throws(ConfigurationError) -> [ConfigurationEntry] {
        let root: Node?
        do {
            root = try compose(yaml: yaml)
        } catch {
            throw ConfigurationError(problems: [syntaxProblem(error, path: path)])
        }
        guard let root, !root.isEmptyValue else { return [] }
        guard case .mapping = root else {
            throw ConfigurationError(
                problems: ["\(path) must hold sections and keys, such as \"server:\" with \"port: 8080\" below it."])
        }
        var entries: [ConfigurationEntry] = []
        var problems: [String] = []
        collect(root, prefix: "", path: path, into: &entries, &problems)
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
        return entries
    }

    private static func collect(
        _ node: Node, prefix: String, path: String, into entries: inout [ConfigurationEntry], _ problems: inout [String]
    ) {
        let origin = ConfigurationOrigin.file(path, line: node.mark?.line)
        switch node {
        case .mapping(let mapping):
            for (key, value) in mapping {
                let name = (prefix.isEmpty ? "" : prefix + ".") + (key.scalar?.string ?? "?")
                if case .scalar(let scalar) = value {
                    guard !value.isEmptyValue else { continue }
                    let line = scalar.mark?.line ?? key.mark?.line
                    entries.append(
                        ConfigurationEntry(name: name, text: scalar.string, origin: .file(path, line: line)))
                } else {
                    collect(value, prefix: name, path: path, into: &entries, &problems)
                }
            }
        default:
            problems.append("\(origin): \(prefix) must be one value or a section, not a list.")
        }
    }

    private static func syntaxProblem(_ error: any Error, path: String) -> String {
        switch error {
        case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
            YamlError.composer(_, let problem, let mark, _):
            "\(path):\(mark.line): this is not YAML: \(problem)."
        case YamlError.duplicatedKeysInMapping(let duplicates, let context):
            "\(path):\(context.mark.line): a key is set twice: \(duplicates.joined(separator: ", "))."
        default:
            "\(path): this is not YAML: \(error)."
        }
    }
}

extension Node {
    /// Nothing, `~` or `null`, without quotes.
    fileprivate var isEmptyValue: Bool {
        guard case .scalar(let scalar) = self, scalar.style == .plain || scalar.style == .any else { return false }
        return ["", "~", "null"].contains(scalar.string)
    }
}
