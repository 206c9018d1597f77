import ApusCore
import NIOCore

/// The behaviour as one JSON object. Times are in milliseconds.
enum APNsBehaviourJSON {
    /// Why a text cannot be applied, as a sentence.
    struct Failure: Error, Equatable {
        let message: String

        init(_ message: String) { self.message = message }
    }

    static func write(_ behaviour: APNsBehaviour, into buffer: inout ByteBuffer) {
        buffer.writeJSONObject { object in
            object.member("concurrentStreams", raw: "\(behaviour.concurrentStreams)")
            object.member("concurrentStreamsInterval", raw: milliseconds(behaviour.concurrentStreamsInterval))
            object.member("startsWithOneStream", bool: behaviour.startsWithOneStream)
            object.member("streamWindow", int: Int64(behaviour.streamWindow))
            object.member("connectionWindow", int: Int64(behaviour.connectionWindow))
            object.member("windowUpdateDelay", raw: milliseconds(behaviour.windowUpdateDelay))
            object.member("latency", raw: milliseconds(behaviour.latency))
            object.member("latencyJitter", raw: milliseconds(behaviour.latencyJitter))
            object.member("tokenRules", objects: behaviour.tokenRules, write)
            object.member("fragmentsErrors", bool: behaviour.fragmentsErrors)
            object.member("expiryWedgesConnection", bool: behaviour.expiryWedgesConnection)
            object.member("refusedShare", raw: "\(behaviour.refusedShare)")
            object.member("droppedShare", raw: "\(behaviour.droppedShare)")
            object.member("unansweredShare", raw: "\(behaviour.unansweredShare)")
            object.member("goAwayEvery", int: Int64(behaviour.goAwayEvery))
            object.member("goAwayUnprocessed", int: Int64(behaviour.goAwayUnprocessed))
            object.member("goAwayReason", string: behaviour.goAwayReason?.rawValue)
            object.member("resetEvery", int: Int64(behaviour.resetEvery))
        }
    }

    /// Changes what `text` names and leaves the rest.
    /// - Throws: `Failure` or `JSONError`; the behaviour is then as it was.
    static func apply(_ text: ByteBuffer, to behaviour: inout APNsBehaviour) throws {
        var changed = behaviour
        try JSONScanner.withObject(in: text) { scanner in
            while let key = try scanner.nextKey() {
                switch key {
                case "concurrentStreams": changed.concurrentStreams = try limits(&scanner)
                case "concurrentStreamsInterval":
                    changed.concurrentStreamsInterval = try time(&scanner, "concurrentStreamsInterval")
                case "startsWithOneStream": changed.startsWithOneStream = try scanner.bool()
                case "streamWindow": changed.streamWindow = try int(&scanner, "streamWindow", 1...Int(Int32.max))
                case "connectionWindow":
                    changed.connectionWindow = try int(&scanner, "connectionWindow", 65_535...Int(Int32.max))
                case "windowUpdateDelay": changed.windowUpdateDelay = try time(&scanner, "windowUpdateDelay")
                case "latency": changed.latency = try time(&scanner, "latency")
                case "latencyJitter": changed.latencyJitter = try time(&scanner, "latencyJitter")
                case "tokenRules": changed.tokenRules = try rules(&scanner)
                case "fragmentsErrors": changed.fragmentsErrors = try scanner.bool()
                case "expiryWedgesConnection": changed.expiryWedgesConnection = try scanner.bool()
                case "refusedShare": changed.refusedShare = try share(&scanner, "refusedShare")
                case "droppedShare": changed.droppedShare = try share(&scanner, "droppedShare")
                case "unansweredShare": changed.unansweredShare = try share(&scanner, "unansweredShare")
                case "goAwayEvery": changed.goAwayEvery = try count(&scanner, "goAwayEvery")
                case "goAwayUnprocessed": changed.goAwayUnprocessed = try count(&scanner, "goAwayUnprocessed")
                case "goAwayReason": changed.goAwayReason = try reason(&scanner)
                case "resetEvery": changed.resetEvery = try count(&scanner, "resetEvery")
                default: throw Failure("There is no \"\(key.string)\".")
                }
            }
        }
        behaviour = changed
    }

    // MARK: Token rules

    private static func write(_ rule: APNsTokenRule, _ object: inout JSONObjectWriter) {
        object.member("prefix", string: rule.prefix)
        object.member("reason", string: rule.reason?.rawValue)
        object.member("after", int: Int64(rule.after))
        object.member("delay", raw: milliseconds(rule.delay))
        object.member("timestamp", int: rule.timestamp)
        object.member("retryAfter", int: rule.retryAfter.map(Int64.init))
    }

    private static func rules(_ scanner: inout JSONScanner) throws -> [APNsTokenRule] {
        var rules: [APNsTokenRule] = []
        try scanner.beginArray()
        while try scanner.nextElement() { rules.append(try rule(&scanner)) }
        return rules
    }

    private static func rule(_ scanner: inout JSONScanner) throws -> APNsTokenRule {
        var rule = APNsTokenRule(prefix: "", reason: nil)
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "prefix": rule.prefix = try scanner.string()
            case "reason": rule.reason = try reason(&scanner)
            case "after": rule.after = try count(&scanner, "after")
            case "delay": rule.delay = try time(&scanner, "delay")
            case "timestamp": rule.timestamp = try scanner.int()
            case "retryAfter": rule.retryAfter = try count(&scanner, "retryAfter")
            default: throw Failure("A token rule has no \"\(key.string)\".")
            }
        }
        return rule
    }

    // MARK: Values

    private static func limits(_ scanner: inout JSONScanner) throws -> [Int] {
        var limits: [Int] = []
        try scanner.beginArray()
        while try scanner.nextElement() { limits.append(try count(&scanner, "concurrentStreams")) }
        guard !limits.isEmpty else { throw Failure("concurrentStreams needs at least one number.") }
        return limits
    }

    private static func reason(_ scanner: inout JSONScanner) throws -> APNsRefusal? {
        if try scanner.kind() == .null {
            try scanner.null()
            return nil
        }
        let name = try scanner.string()
        guard let reason = APNsRefusal(rawValue: name) else { throw Failure("APNs has no reason \"\(name)\".") }
        return reason
    }

    private static func count(_ scanner: inout JSONScanner, _ name: String) throws -> Int {
        try int(&scanner, name, 0...Int(Int32.max))
    }

    private static func int(_ scanner: inout JSONScanner, _ name: String, _ range: ClosedRange<Int>) throws -> Int {
        guard let value = Int(exactly: try scanner.int()), range.contains(value) else {
            throw Failure("\(name) must be from \(range.lowerBound) to \(range.upperBound).")
        }
        return value
    }

    private static func share(_ scanner: inout JSONScanner, _ name: String) throws -> Double {
        try number(&scanner, name, 0...1)
    }

    private static func time(_ scanner: inout JSONScanner, _ name: String) throws -> TimeAmount {
        .microseconds(Int64(try number(&scanner, name, 0...3_600_000) * 1000))
    }

    private static func number(
        _ scanner: inout JSONScanner, _ name: String, _ range: ClosedRange<Int>
    ) throws -> Double {
        let isNumber = try scanner.kind() == .number
        guard isNumber, let value = Double(try scanner.rawValue()), value >= Double(range.lowerBound),
            value <= Double(range.upperBound)
        else { throw Failure("\(name) must be a number from \(range.lowerBound) to \(range.upperBound).") }
        return value
    }

    private static func milliseconds(_ time: TimeAmount) -> String {
        "\(Double(time.nanoseconds) / 1_000_000)"
    }
}
