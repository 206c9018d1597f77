import ApusCore
import Testing

@Suite("Escalation")
struct EscalationTests {
    private let start = Timestamp(milliseconds: 1_800_000_000_000)
    private let steps = [
        EscalationPlan.Step(after: 60, .notice(.sms)), EscalationPlan.Step(after: 300, .persons(["boss"])),
    ]

    private func escalation(stopsAtFirst: Bool = true, timeToLive: Int64 = 3600) -> Escalation {
        let message = Message(
            id: MessageID(lowestAt: start), app: AppNumber(1), appID: "app", tenant: "",
            content: MessageContent(alert: "a"), needsConfirmation: true, expiresAt: start.adding(seconds: timeToLive))
        return Escalation(EscalationPlan(steps, stopsAtFirst: stopsAtFirst), of: message)
    }

    @Test("a step is taken when its time has come, counted from the one before")
    func times() {
        var escalation = escalation()
        #expect(escalation.action(at: start.adding(milliseconds: 59_999)) == .wait)
        #expect(escalation.action(at: start.adding(seconds: 60)) == .take(steps[0]))
        let late = start.adding(seconds: 100)
        escalation.advance(toldAnybody: true, at: late)
        #expect(escalation.action(at: late.adding(milliseconds: 299_999)) == .wait)
        #expect(escalation.action(at: late.adding(seconds: 300)) == .take(steps[1]))
    }

    @Test("after a step that told nobody the next is due at once")
    func nobody() {
        var escalation = escalation()
        let now = start.adding(seconds: 60)
        escalation.advance(toldAnybody: false, at: now)
        #expect(escalation.action(at: now) == .take(steps[1]))
    }

    @Test("after the last step somebody may still confirm, until the message expires")
    func armed() {
        var escalation = escalation()
        let child = MessageID(7)
        escalation.advance(toldAnybody: true, at: start)
        escalation.advance(toldAnybody: true, child: child, at: start)
        #expect(escalation.current == child)
        #expect(escalation.end == nil)
        #expect(escalation.action(at: start.adding(seconds: 3599)) == .wait)
        #expect(escalation.action(at: start.adding(seconds: 3600)) == .end(.expired))
    }

    @Test("one for each recipient is over after its last step")
    func done() {
        var escalation = escalation(stopsAtFirst: false)
        escalation.advance(toldAnybody: true, at: start)
        escalation.advance(toldAnybody: true, at: start)
        #expect(escalation.end == .done)
        #expect(escalation.due == nil)
    }

    @Test("a message that expired takes no more steps")
    func expired() {
        let escalation = escalation(timeToLive: 30)
        #expect(escalation.due == start.adding(seconds: 30))
        #expect(escalation.action(at: start.adding(seconds: 60)) == .end(.expired))
    }

    @Test("it ends once, and nothing moves it after that")
    func ends() {
        var escalation = escalation()
        let isFirst = escalation.end(.confirmed(DeviceNumber(1)), at: start)
        let ended = escalation
        let isSecond = escalation.end(.cancelled, at: start.adding(seconds: 1))
        #expect(isFirst && !isSecond)
        escalation.advance(toldAnybody: true, at: start)
        #expect(escalation == ended)
        #expect(escalation.action(at: start.adding(seconds: 9999)) == .wait)
    }
}
