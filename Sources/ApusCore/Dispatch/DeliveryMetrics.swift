package import CoreMetrics

/// The core's counters. Names are what `/metrics` shows.
package struct DeliveryMetrics: Sendable {
    package let accepted: Counter
    package let repeated: Counter
    package let refused: Counter
    package let deliveries: Counter
    package let resent: Counter
    package let states: [DeliveryState: Counter]
    /// Answers that say received at first and read after that.
    package let acknowledged: Counter
    package let expired: Counter
    /// Steps of escalations by what they were (`EscalationPlan.Step.Action.name`), which told somebody or nobody.
    package let escalationSteps: [Bool: [String: Counter]]
    /// By `Escalation.End.name`.
    package let escalationEnds: [String: Counter]
    package let commits: Counter
    package let commitFailures: Counter
    package let commitSeconds: Timer

    package init(factory: any MetricsFactory) {
        accepted = Counter(label: "apus_messages_accepted_total", factory: factory)
        repeated = Counter(label: "apus_messages_repeated_total", factory: factory)
        refused = Counter(label: "apus_messages_refused_total", factory: factory)
        deliveries = Counter(label: "apus_deliveries_accepted_total", factory: factory)
        resent = Counter(label: "apus_deliveries_resent_total", factory: factory)
        var states: [DeliveryState: Counter] = [:]
        let events = { (name: String) in
            Counter(label: "apus_delivery_events_total", dimensions: [("event", name)], factory: factory)
        }
        for (state, name) in [(DeliveryState.sent, "sent"), (.received, "received"), (.read, "read")] {
            states[state] = events(name)
        }
        self.states = states
        acknowledged = events("acknowledged")
        expired = Counter(label: "apus_deliveries_expired_total", factory: factory)
        let steps = { (result: String) in
            Dictionary(
                uniqueKeysWithValues: ["sms", "email", "vendor", "persons"].map { name in
                    let dimensions = [("via", name), ("result", result)]
                    return (
                        name, Counter(label: "apus_escalation_steps_total", dimensions: dimensions, factory: factory)
                    )
                })
        }
        escalationSteps = [true: steps("told"), false: steps("nobody")]
        escalationEnds = Dictionary(
            uniqueKeysWithValues: ["confirmed", "cancelled", "expired", "done"].map { name in
                let dimensions = [("reason", name)]
                return (name, Counter(label: "apus_escalations_ended_total", dimensions: dimensions, factory: factory))
            })
        commits = Counter(label: "apus_commits_total", factory: factory)
        commitFailures = Counter(label: "apus_commit_failures_total", factory: factory)
        commitSeconds = Timer(label: "apus_commit_seconds", factory: factory)
    }

    func count(_ effects: EscalationAction.Effects) {
        for step in effects.steps { escalationSteps[step.toldAnybody]?[step.name]?.increment() }
        for end in effects.ends { escalationEnds[end.name]?.increment() }
    }
}
