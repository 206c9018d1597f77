import NIOCore
import Synchronization

/// What an app wants done about messages that reach nobody, unless they bring a plan of their own.
package struct RoutePolicy: Sendable, Equatable {
    /// For each recipient whom nothing has reached.
    package var fallback: [EscalationPlan.Step] = []
    /// Until the first confirmation by anybody; it takes the place of `fallback`.
    package var escalate: [EscalationPlan.Step] = []
    /// Seconds after which a `smsMessage` goes out as SMS; 0 for never, nil for the server's usual time.
    package var smsAfter: Int64?
    /// Whether all messages of the app need confirmation, also those that do not say so.
    package var needsConfirmation = false

    package init() {}

    package var isEmpty: Bool { self == RoutePolicy() }

    /// What is to be done about a message.
    /// - Parameter usualSMSAfter: what `smsAfter` is if it is not set.
    package func plan(for push: PushRequest, usualSMSAfter: Int64) -> EscalationPlan? {
        if let own = push.escalation { return own.isEmpty ? nil : EscalationPlan(own, stopsAtFirst: true) }
        guard applies(to: push) else { return nil }
        if push.needsConfirmation, !escalate.isEmpty { return EscalationPlan(escalate, stopsAtFirst: true) }
        var steps = push.needsConfirmation ? fallback : []
        let smsAfter = smsAfter ?? usualSMSAfter
        if push.content.smsMessage?.isEmpty == false, smsAfter > 0,
            !steps.contains(where: { $0.action == .notice(.sms) })
        {
            let passed = steps.reduce(0) { $0 + $1.after }
            steps.append(EscalationPlan.Step(after: max(smsAfter - passed, 0), .notice(.sms)))
        }
        return steps.isEmpty ? nil : EscalationPlan(steps, stopsAtFirst: false)
    }

    /// Not to commands, nor to what was posted to an endpoint: nobody could read them.
    package func applies(to push: PushRequest) -> Bool {
        push.followsPolicy && push.content.kind == .message && push.content.push == nil
    }
}

extension RoutePolicy {
    package init(_ text: String) {
        self.init()
        _ = try? JSONScanner.withObject(in: ByteBuffer(string: text)) { scanner in
            while let key = try scanner.nextKey() {
                if try !read(key, &scanner, problem: { _, _ in }) { try scanner.skipValue() }
            }
        }
    }

    /// Reads a member of a policy.
    /// - Parameter problem: told a member's name and what is wrong with it.
    /// - Returns: false if there is no such member; it is not read then.
    package mutating func read(
        _ key: JSONKey, _ scanner: inout JSONScanner, problem: (String, String) -> Void
    ) throws(JSONError) -> Bool {
        switch key {
        case "fallback":
            fallback = try EscalationPlan.Step.list(from: &scanner) { problem("fallback", $0) }
            let hasPersons = fallback.contains { if case .persons = $0.action { true } else { false } }
            if hasPersons { problem("fallback", "is for each recipient; steps to others belong into escalate") }
        case "escalate":
            escalate = try EscalationPlan.Step.list(from: &scanner) { problem("escalate", $0) }
        case "smsAfter":
            smsAfter = try EscalationPlan.Step.seconds(from: &scanner)
            if !(0...EscalationPlan.Step.longest).contains(smsAfter ?? -1) {
                problem("smsAfter", "must be a whole number of seconds from 0 to \(EscalationPlan.Step.longest)")
            }
        case "needConfirm":
            guard try scanner.kind() == .bool else {
                problem("needConfirm", "must be true or false")
                try scanner.skipValue()
                break
            }
            needsConfirmation = try scanner.bool()
        default:
            return false
        }
        return true
    }

    package func write(to object: inout JSONObjectWriter) {
        object.member("fallback", objects: fallback) { $0.write(to: &$1) }
        object.member("escalate", objects: escalate) { $0.write(to: &$1) }
        object.member("smsAfter", int: smsAfter)
        object.member("needConfirm", bool: needsConfirmation)
    }

    package var text: String {
        var buffer = ByteBuffer()
        buffer.writeJSONObject { write(to: &$0) }
        return String(buffer: buffer)
    }
}

/// The policies of all apps, in memory.
package final class RoutePolicies: Sendable {
    private let policies: Mutex<[AppNumber: RoutePolicy]>
    /// Seconds after which a `smsMessage` goes out as SMS, unless the app's policy says otherwise; 0 for never.
    package let smsAfter: Int64

    package init(_ policies: [AppNumber: RoutePolicy], smsAfter: Int64) {
        self.policies = Mutex(policies)
        self.smsAfter = smsAfter
    }

    package subscript(app: AppNumber) -> RoutePolicy {
        get { policies.withLock { $0[app] } ?? RoutePolicy() }
        set { policies.withLock { $0[app] = newValue.isEmpty ? nil : newValue } }
    }
}
