import ApusCore
import NIOCore
import Testing

@testable import ApusSimulators

@Suite("The behaviour as JSON")
struct APNsBehaviourJSONTests {
    private func applying(_ text: String, to behaviour: APNsBehaviour = APNsBehaviour()) throws -> APNsBehaviour {
        var behaviour = behaviour
        try APNsBehaviourJSON.apply(ByteBuffer(string: text), to: &behaviour)
        return behaviour
    }

    @Test("what is written can be read, whatever it is")
    func roundTrip() throws {
        var behaviour = APNsBehaviour()
        behaviour.concurrentStreams = [1000, 1]
        behaviour.concurrentStreamsInterval = .milliseconds(20)
        behaviour.startsWithOneStream = true
        behaviour.streamWindow = 1024
        behaviour.connectionWindow = 100_000
        behaviour.windowUpdateDelay = .milliseconds(150)
        behaviour.latency = .microseconds(2500)
        behaviour.latencyJitter = .milliseconds(3)
        behaviour.tokenRules = [
            APNsTokenRule(
                prefix: "dead", reason: .unregistered, after: 2, delay: .seconds(1), timestamp: 17, retryAfter: 3),
            APNsTokenRule(prefix: "late", reason: nil, delay: .milliseconds(5)),
        ]
        behaviour.fragmentsErrors = true
        behaviour.expiryWedgesConnection = false
        behaviour.refusedShare = 0.125
        behaviour.droppedShare = 0.01
        behaviour.unansweredShare = 1
        behaviour.goAwayEvery = 100
        behaviour.goAwayUnprocessed = 7
        behaviour.goAwayReason = .shutdown
        behaviour.resetEvery = 9
        var text = ByteBuffer()
        APNsBehaviourJSON.write(behaviour, into: &text)
        #expect(try applying(String(buffer: text)) == behaviour)
    }

    @Test("what is not named stays as it is")
    func partial() throws {
        var behaviour = APNsBehaviour()
        behaviour.goAwayEvery = 5
        behaviour.goAwayReason = .shutdown
        let changed = try applying(#"{"latency":2.5,"goAwayReason":null}"#, to: behaviour)
        #expect(changed.latency == .microseconds(2500))
        #expect(changed.goAwayEvery == 5)
        #expect(changed.goAwayReason == nil)
    }

    @Test(
        "what is wrong is named, and then nothing is changed",
        arguments: [
            (#"{"latency":1,"color":1}"#, "There is no \"color\"."),
            (#"{"refusedShare":1.5}"#, "refusedShare must be a number from 0 to 1."),
            (#"{"latency":-1}"#, "latency must be a number from 0 to 3600000."),
            (#"{"latency":"1"}"#, "latency must be a number from 0 to 3600000."),
            (#"{"connectionWindow":100}"#, "connectionWindow must be from 65535 to 2147483647."),
            (#"{"goAwayEvery":-1}"#, "goAwayEvery must be from 0 to 2147483647."),
            (#"{"concurrentStreams":[]}"#, "concurrentStreams needs at least one number."),
            (#"{"goAwayReason":"Tired"}"#, "APNs has no reason \"Tired\"."),
            (#"{"tokenRules":[{"suffix":"a"}]}"#, "A token rule has no \"suffix\"."),
        ])
    func wrong(text: String, message: String) {
        var behaviour = APNsBehaviour()
        #expect(throws: APNsBehaviourJSON.Failure(message)) {
            try APNsBehaviourJSON.apply(ByteBuffer(string: text), to: &behaviour)
        }
        #expect(behaviour == APNsBehaviour())
    }

    @Test(
        "what is not a JSON object is refused", arguments: ["", "[]", "{", #"{"latency":}"#, #"{"fragmentsErrors":1}"#])
    func notAnObject(text: String) {
        #expect(throws: JSONError.self) { try applying(text) }
    }
}
