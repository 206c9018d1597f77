/// What becomes of a configuration that is read while the server runs: what can be changed then is, the rest waits.
struct ConfigurationChange {
    /// What holds from now on.
    let result: Configuration
    /// The keys that change now.
    let changed: [String]
    /// The keys that were changed and hold after a restart only.
    let needRestart: [String]

    init(from current: Configuration, to wanted: Configuration) {
        var result = current
        var (changed, needRestart): ([String], [String]) = ([], [])
        for key in ConfigurationKey.all where key.text(current) != key.text(wanted) {
            if key.isReloadable {
                key.copy(wanted, &result)
                result.origins[key.name] = wanted.origins[key.name]
                changed.append(key.name)
            } else {
                needRestart.append(key.name)
            }
        }
        (self.result, self.changed, self.needRestart) = (result, changed, needRestart)
    }
}
