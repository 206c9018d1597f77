import NIOCore

/// Steps as senders, administrators and the store write them: `[{"after":60,"via":"sms"},{"after":300,"to":["boss"]}]`.
extension EscalationPlan.Step {
    package static let most = 8
    /// Seconds.
    package static let longest: Int64 = 30 * 86_400
    /// Aliases in one step.
    package static let mostPersons = 100

    /// Reads a list of steps.
    /// - Parameter problem: told of everything that is wrong with them, in words that follow the list's name.
    package static func list(
        from scanner: inout JSONScanner, problem: (String) -> Void
    ) throws(JSONError) -> [EscalationPlan.Step] {
        guard try scanner.kind() == .array else {
            problem(#"must be a list of steps, as in [{"after":60,"via":"sms"}]"#)
            try scanner.skipValue()
            return []
        }
        var steps: [EscalationPlan.Step] = []
        var count = 0
        try scanner.beginArray()
        while try scanner.nextElement() {
            count += 1
            guard count <= most, try scanner.kind() == .object else {
                if count <= most { problem("step \(count) must be an object") }
                try scanner.skipValue()
                continue
            }
            if let step = try step(from: &scanner, problem: { problem("step \(count) \($0)") }) { steps.append(step) }
        }
        if count > most { problem("has \(count) steps; at most \(most) are allowed") }
        return steps
    }

    private static func step(
        from scanner: inout JSONScanner, problem: (String) -> Void
    ) throws(JSONError) -> EscalationPlan.Step? {
        var after: Int64?
        var actions: [Action?] = []
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "after": after = try seconds(from: &scanner)
            case "via": actions.append(try way(from: &scanner))
            case "to": actions.append(try persons(from: &scanner))
            default:
                problem("has \"\(key.string.prefix(64))\"; it may have after, and via or to")
                try scanner.skipValue()
            }
        }
        guard let after, (0...longest).contains(after) else {
            problem("must have after, a whole number of seconds from 0 to \(longest)")
            return nil
        }
        guard actions.count == 1 else {
            problem("must have either via or to")
            return nil
        }
        guard let action = actions[0] else {
            problem("must have via sms, email or vendor, or to with 1 to \(mostPersons) aliases")
            return nil
        }
        return EscalationPlan.Step(after: after, action)
    }

    /// A whole number; nil, and it is stepped over, if it is something else.
    static func seconds(from scanner: inout JSONScanner) throws(JSONError) -> Int64? {
        do throws(JSONError) {
            return try scanner.int()
        } catch {
            try scanner.skipValue()
            return nil
        }
    }

    private static func way(from scanner: inout JSONScanner) throws(JSONError) -> Action? {
        guard try scanner.kind() == .string else {
            try scanner.skipValue()
            return nil
        }
        switch try scanner.string() {
        case "sms": return .notice(.sms)
        case "email": return .notice(.email)
        case "vendor": return .vendor
        default: return nil
        }
    }

    private static func persons(from scanner: inout JSONScanner) throws(JSONError) -> Action? {
        guard try scanner.kind() == .array else {
            try scanner.skipValue()
            return nil
        }
        var persons: [String] = []
        var isWrong = false
        try scanner.beginArray()
        while try scanner.nextElement() {
            guard try scanner.kind() == .string, persons.count <= mostPersons else {
                isWrong = true
                try scanner.skipValue()
                continue
            }
            let person = try scanner.string()
            if person.isEmpty || person.utf8.count > 255 { isWrong = true }
            if !persons.contains(person) { persons.append(person) }
        }
        return isWrong || persons.isEmpty || persons.count > mostPersons ? nil : .persons(persons)
    }

    /// Steps that the store kept.
    package static func list(_ text: String) -> [EscalationPlan.Step] {
        let steps = try? JSONScanner.withValue(in: ByteBuffer(string: text)) { try list(from: &$0) { _ in } }
        return steps ?? []
    }

    package func write(to object: inout JSONObjectWriter) {
        object.member("after", int: after)
        switch action {
        case .notice(let mode): object.member("via", string: mode.rawValue)
        case .vendor: object.member("via", string: "vendor")
        case .persons(let persons): object.member("to", strings: persons)
        }
    }

    package static func text(_ steps: [EscalationPlan.Step]) -> String {
        var buffer = ByteBuffer()
        buffer.writeJSONArray(steps) { step, buffer in buffer.writeJSONObject { step.write(to: &$0) } }
        return String(buffer: buffer)
    }
}
