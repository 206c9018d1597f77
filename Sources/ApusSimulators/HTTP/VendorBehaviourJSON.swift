import ApusCore
import NIOCore

/// The behaviour as one JSON object. Times are in milliseconds, `Retry-After` is in seconds.
///
///     {"latency":0,"latencyJitter":0,"rules":[
///       {"prefix":"dead","code":"1011"},
///       {"path":"/v3/push","status":503,"retryAfter":30,"after":10,"times":2},
///       {"fault":"silence","accepts":true}]}
enum VendorBehaviourJSON {
    /// Why a text cannot be applied, as a sentence.
    struct Failure: Error, Equatable {
        let message: String

        init(_ message: String) { self.message = message }
    }

    private static let mostRules = 100

    static func write(_ behaviour: VendorBehaviour, into buffer: inout ByteBuffer) {
        buffer.writeJSONObject { object in
            object.member("latency", raw: milliseconds(behaviour.latency))
            object.member("latencyJitter", raw: milliseconds(behaviour.latencyJitter))
            object.member("rules", objects: behaviour.rules, write)
        }
    }

    /// Changes what `text` names and leaves the rest.
    /// - Throws: `Failure` or `JSONError`; the behaviour is then as it was.
    static func apply(_ text: ByteBuffer, to behaviour: inout VendorBehaviour, _ service: any VendorService) throws {
        guard let members = try JSONValue(text).members else { throw Failure("The body must be a JSON object.") }
        var changed = behaviour
        for member in members {
            switch member.name {
            case "latency": changed.latency = try time(member)
            case "latencyJitter": changed.latencyJitter = try time(member)
            case "rules":
                guard let rules = member.value.elements, rules.count <= mostRules else {
                    throw Failure("rules must be an array of at most \(mostRules).")
                }
                changed.rules = try rules.map { try rule($0, service) }
            default: throw Failure("There is no \"\(member.name)\".")
            }
        }
        behaviour = changed
    }

    // MARK: Rules

    private static func write(_ rule: VendorRule, _ object: inout JSONObjectWriter) {
        object.member("prefix", string: rule.prefix)
        object.member("path", string: rule.path)
        switch rule.effect {
        case .code(let code): object.member("code", string: code)
        case .status(let status): object.member("status", int: Int64(status))
        case .fault(let fault): object.member("fault", string: fault.rawValue)
        }
        object.member("retryAfter", int: rule.retryAfter.map(Int64.init))
        if rule.after > 0 { object.member("after", int: Int64(rule.after)) }
        object.member("times", int: rule.times.map(Int64.init))
        if rule.accepts { object.member("accepts", bool: true) }
    }

    private static func rule(_ value: JSONValue, _ service: any VendorService) throws -> VendorRule {
        guard let members = value.members else { throw Failure("A rule must be an object.") }
        var rule = VendorRule(.status(0))
        var effects: [VendorRule.Effect] = []
        for member in members {
            switch member.name {
            case "prefix": rule.prefix = try string(member)
            case "path": rule.path = try string(member)
            case "code": effects.append(.code(try code(member, service)))
            case "status": effects.append(.status(try int(member, 200...599)))
            case "fault": effects.append(.fault(try fault(member)))
            case "retryAfter": rule.retryAfter = try int(member, 0...86_400)
            case "after": rule.after = try int(member, 0...Int(Int32.max))
            case "times": rule.times = try int(member, 1...Int(Int32.max))
            case "accepts": rule.accepts = member.value == .bool(true)
            default: throw Failure("A rule has no \"\(member.name)\".")
            }
        }
        guard effects.count == 1 else { throw Failure("A rule needs one of code, status and fault.") }
        guard !rule.accepts || rule.prefix == nil else { throw Failure("A rule with a prefix cannot have accepts.") }
        rule.effect = effects[0]
        return rule
    }

    // MARK: Values

    private static func string(_ member: JSONValue.Member) throws -> String {
        guard let text = member.value.string else { throw Failure("\(member.name) must be a string.") }
        return text
    }

    private static func code(_ member: JSONValue.Member, _ service: any VendorService) throws -> String {
        guard let code = member.value.text, service.refusal(code) != nil else {
            throw Failure("code must be one of the vendor's error codes.")
        }
        return code
    }

    private static func fault(_ member: JSONValue.Member) throws -> VendorRule.Fault {
        guard let fault = member.value.string.flatMap(VendorRule.Fault.init) else {
            let names = VendorRule.Fault.allCases.map(\.rawValue)
            throw Failure("fault must be one of \(names.joined(separator: ", ")).")
        }
        return fault
    }

    private static func int(_ member: JSONValue.Member, _ range: ClosedRange<Int>) throws -> Int {
        guard let value = member.value.int.flatMap(Int.init(exactly:)), range.contains(value) else {
            throw Failure("\(member.name) must be from \(range.lowerBound) to \(range.upperBound).")
        }
        return value
    }

    private static func time(_ member: JSONValue.Member) throws -> TimeAmount {
        guard case .number(let text) = member.value, let value = Double(text), (0...3_600_000).contains(value) else {
            throw Failure("\(member.name) must be a number from 0 to 3600000.")
        }
        return .microseconds(Int64(value * 1000))
    }

    private static func milliseconds(_ time: TimeAmount) -> String {
        "\(Double(time.nanoseconds) / 1_000_000)"
    }
}
