/// The rules, and how often each fitted.
struct VendorRuleBook: Sendable {
    private(set) var rules: [VendorRule] = []
    private var uses: [Int] = []

    /// All begin anew.
    mutating func replace(with rules: [VendorRule]) {
        self.rules = rules
        uses = Array(repeating: 0, count: rules.count)
    }

    /// The rule that takes effect for a request as such.
    mutating func rule(forPath path: String) -> VendorRule? {
        takeFirst { $0.prefix == nil && $0.path.map(path.hasPrefix) ?? true }
    }

    /// The rule that takes effect for one of a request's targets.
    mutating func rule(forTarget target: String, path: String) -> VendorRule? {
        takeFirst { $0.prefix.map(target.hasPrefix) ?? false && $0.path.map(path.hasPrefix) ?? true }
    }

    private mutating func takeFirst(where fits: (VendorRule) -> Bool) -> VendorRule? {
        for index in rules.indices where fits(rules[index]) {
            let rule = rules[index]
            if let times = rule.times, uses[index] >= rule.after + times { continue }
            uses[index] += 1
            return uses[index] > rule.after ? rule : nil
        }
        return nil
    }
}
