import ApusCore
import NIOCore
import Testing

@Suite("RoutePolicy")
struct RoutePolicyTests {
    private let vendor = EscalationPlan.Step(after: 60, .vendor)
    private let sms = EscalationPlan.Step(after: 300, .notice(.sms))
    private let boss = EscalationPlan.Step(after: 0, .persons(["boss", "\"ben\""]))

    private func push(_ change: (inout PushRequest) -> Void = { _ in }) -> PushRequest {
        var push = PushRequest(
            app: AppNumber(1), appID: "app", audience: Audience(.all), content: MessageContent(alert: "a"),
            needsConfirmation: true, timeToLive: 3600)
        change(&push)
        return push
    }

    @Test("is read as it is written")
    func roundTrip() {
        var policy = RoutePolicy()
        (policy.fallback, policy.escalate, policy.smsAfter) = ([vendor, sms], [sms, boss], 0)
        policy.needsConfirmation = true
        #expect(RoutePolicy(policy.text) == policy)
        #expect(RoutePolicy(RoutePolicy().text) == RoutePolicy())
        #expect(EscalationPlan.Step.list(EscalationPlan.Step.text([vendor, sms, boss])) == [vendor, sms, boss])
    }

    @Test("what a message brings comes first, and no steps are none")
    func own() {
        var policy = RoutePolicy()
        policy.escalate = [sms]
        let own = push { $0.escalation = [boss] }
        #expect(policy.plan(for: own, usualSMSAfter: 0) == EscalationPlan([boss], stopsAtFirst: true))
        #expect(policy.plan(for: push { $0.escalation = [] }, usualSMSAfter: 0) == nil)
    }

    @Test("escalates for what needs confirmation, or else falls back for each recipient")
    func defaults() {
        var policy = RoutePolicy()
        policy.fallback = [vendor]
        #expect(policy.plan(for: push(), usualSMSAfter: 0) == EscalationPlan([vendor], stopsAtFirst: false))
        #expect(policy.plan(for: push { $0.needsConfirmation = false }, usualSMSAfter: 0) == nil)
        policy.escalate = [sms]
        #expect(policy.plan(for: push(), usualSMSAfter: 0) == EscalationPlan([sms], stopsAtFirst: true))
    }

    @Test("a smsMessage goes out at its time, counted from acceptance, unless an SMS does anyway")
    func smsMessage() {
        var policy = RoutePolicy()
        let withText = push { $0.content.smsMessage = "call" }
        let late = EscalationPlan.Step(after: 600, .notice(.sms))
        #expect(policy.plan(for: withText, usualSMSAfter: 600)?.steps == [late])
        #expect(policy.plan(for: push { $0.content.smsMessage = "" }, usualSMSAfter: 600) == nil)
        policy.fallback = [vendor]
        let rest = EscalationPlan.Step(after: 540, .notice(.sms))
        #expect(policy.plan(for: withText, usualSMSAfter: 600)?.steps == [vendor, rest])
        policy.fallback = [sms]
        #expect(policy.plan(for: withText, usualSMSAfter: 600)?.steps == [sms])
        (policy.fallback, policy.smsAfter) = ([], 0)
        #expect(policy.plan(for: withText, usualSMSAfter: 600) == nil)
    }

    @Test("is not for commands, nor for what an escalation makes itself")
    func others() {
        var policy = RoutePolicy()
        policy.escalate = [sms]
        #expect(policy.plan(for: push { $0.content.kind = .command }, usualSMSAfter: 0) == nil)
        #expect(policy.plan(for: push { $0.followsPolicy = false }, usualSMSAfter: 0) == nil)
    }
}
