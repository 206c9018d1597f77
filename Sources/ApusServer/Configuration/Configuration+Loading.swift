import Foundation

extension Configuration {
    /// Puts the configuration together. The later source is the stronger: defaults, file, environment, flags.
    ///
    /// - Parameters:
    ///   - file: the file that `--config` names. If `nil`, the one that `APUS_CONFIG` names, else `apus.yaml` in
    ///     `directory` if there is one.
    ///   - environment: the process's environment.
    ///   - flags: the values on the command line; of two for one key the later holds.
    ///   - directory: where `apus.yaml` is looked for.
    /// - Throws: `ConfigurationError` with all that is wrong, in all sources.
    package static func load(
        file: String? = nil,
        environment: [String: String] = ProcessInfo.processInfo.environment,
        flags: [ConfigurationFlag] = [],
        directory: String = "."
    ) throws(ConfigurationError) -> Configuration {
        var entries: [ConfigurationEntry] = []
        var problems: [String] = []

        if let path = file ?? fileToRead(environment, directory) {
            do {
                entries += try ConfigurationFile.entries(path: path)
            } catch {
                problems += error.problems
            }
        }
        let fromEnvironment = ConfigurationEnvironment.entries(environment)
        entries += fromEnvironment.entries
        problems += fromEnvironment.problems
        entries += flags.map { ConfigurationEntry(name: $0.key, text: $0.value, origin: .flag($0.flag)) }

        var configuration = Configuration()
        for entry in entries {
            if let problem = configuration.apply(entry) { problems.append(problem) }
        }
        problems += configuration.contradictions
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
        return configuration
    }

    private static func fileToRead(_ environment: [String: String], _ directory: String) -> String? {
        if let path = environment["APUS_CONFIG"], !path.isEmpty { return path }
        let path = directory == "." ? "apus.yaml" : directory + "/apus.yaml"
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }

    /// Sets one value and answers `nil`, or answers what is wrong with it.
    private mutating func apply(_ entry: ConfigurationEntry) -> String? {
        guard let key = ConfigurationKey.all.first(where: { $0.name == entry.name }) else {
            let names = ConfigurationKey.all.map(\.name)
            return ConfigurationError.unknown(entry.name, entry.origin, candidates: names)
        }
        guard key.assign(entry.text, &self) else {
            return ConfigurationError.wrongValue(key, entry.text, entry.origin)
        }
        origins[key.name] = entry.origin
        return nil
    }
}
