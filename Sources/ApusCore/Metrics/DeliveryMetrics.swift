package import CoreMetrics
import Logging

/// The core's counters. Names are what `/metrics` shows.
package struct DeliveryMetrics: Sendable {
    package let accepted: Counter
    package let repeated: Counter
    package let refused: Counter
    package let deliveries: Counter
    package let resent: Counter
    package let expired: Counter
    /// Messages that need not be kept any more.
    package let removed: Counter
    /// By event and route.
    package let events: CounterFamily
    /// Deliveries that a vendor refused, by its reason.
    package let failed: CounterFamily
    /// Steps of escalations, by what they were (`EscalationPlan.Step.Action.name`) and whether they told anybody.
    package let escalationSteps: CounterFamily
    /// By `Escalation.End.name`.
    package let escalationEnds: CounterFamily
    /// SMS and e-mail, by whether they were sent or failed.
    package let notices: CounterFamily
    /// What came into the journal.
    package let journaled: Counter
    package let commits: Counter
    package let commitFailures: Counter
    package let commitSeconds: Timer
    /// From the commit until messages are written to their devices, for each batch and event loop.
    package let handOverSeconds: Timer
    /// From the first time that a message was sent until its device confirmed it.
    package let confirmSeconds: Timer

    package init(factory: any MetricsFactory) {
        accepted = Counter(label: "apus_messages_accepted_total", factory: factory)
        repeated = Counter(label: "apus_messages_repeated_total", factory: factory)
        refused = Counter(label: "apus_messages_refused_total", factory: factory)
        deliveries = Counter(label: "apus_deliveries_accepted_total", factory: factory)
        resent = Counter(label: "apus_deliveries_resent_total", factory: factory)
        expired = Counter(label: "apus_deliveries_expired_total", factory: factory)
        removed = Counter(label: "apus_messages_removed_total", factory: factory)
        events = CounterFamily(label: "apus_delivery_events_total", dimensions: ["event", "route"], factory: factory)
        for event in EventCounts.Event.allCases { events.increment(by: 0, event.rawValue, Route.webSocket.rawValue) }
        failed = CounterFamily(
            label: "apus_deliveries_failed_total", dimensions: ["route", "reason"], factory: factory)
        failed.increment(by: 0, Route.apns.rawValue, "apns.Unregistered")
        escalationSteps = CounterFamily(
            label: "apus_escalation_steps_total", dimensions: ["via", "result"], factory: factory)
        escalationSteps.increment(by: 0, "sms", "told")
        escalationEnds = CounterFamily(label: "apus_escalations_ended_total", dimensions: ["reason"], factory: factory)
        escalationEnds.increment(by: 0, "confirmed")
        notices = CounterFamily(label: "apus_notices_total", dimensions: ["end"], factory: factory)
        notices.increment(by: 0, "sent")
        journaled = Counter(label: "apus_events_total", factory: factory)
        commits = Counter(label: "apus_commits_total", factory: factory)
        commitFailures = Counter(label: "apus_commit_failures_total", factory: factory)
        commitSeconds = Timer(label: "apus_commit_seconds", factory: factory)
        handOverSeconds = Timer(label: "apus_hand_over_seconds", factory: factory)
        confirmSeconds = Timer(label: "apus_confirm_seconds", factory: factory)
    }

    func count(_ effects: EscalationAction.Effects) {
        for step in effects.steps { escalationSteps.increment(step.name, step.toldAnybody ? "told" : "nobody") }
        for end in effects.ends { escalationEnds.increment(end.name) }
    }

    func count(_ state: Notice.State) {
        switch state {
        case .sent: notices.increment("sent")
        case .failed: notices.increment("failed")
        case .waiting, .sending, .cancelled: break
        }
    }
}
