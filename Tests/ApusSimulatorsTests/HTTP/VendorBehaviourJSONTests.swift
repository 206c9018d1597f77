import NIOCore
import Testing

@testable import ApusSimulators

@Suite("VendorBehaviourJSON")
struct VendorBehaviourJSONTests {
    let service = JPushService(appKey: "key", masterSecret: "secret")

    @Test("what is written can be applied, and gives the same")
    func roundTrip() throws {
        var behaviour = VendorBehaviour()
        behaviour.latency = .milliseconds(20)
        behaviour.latencyJitter = .microseconds(1500)
        behaviour.rules = [
            VendorRule(prefix: "dead", path: "/v3", .code("1011"), retryAfter: 3, after: 1, times: 2),
            VendorRule(.fault(.silence), accepts: true), VendorRule(.status(503)),
        ]
        var text = ByteBuffer()
        VendorBehaviourJSON.write(behaviour, into: &text)
        var copy = VendorBehaviour()
        try VendorBehaviourJSON.apply(text, to: &copy, service)
        #expect(copy == behaviour)
    }

    @Test("members that are not named stay as they are")
    func partial() throws {
        var behaviour = VendorBehaviour()
        behaviour.rules = [VendorRule(.status(503))]
        try VendorBehaviourJSON.apply(ByteBuffer(string: #"{"latency":5}"#), to: &behaviour, service)
        #expect(behaviour.latency == .milliseconds(5))
        #expect(behaviour.rules.count == 1)
    }

    @Test(
        "a wrong text changes nothing and says what is wrong",
        arguments: [
            ("[]", "The body must be a JSON object."),
            (#"{"latency":1,"speed":1}"#, #"There is no "speed"."#),
            (#"{"latency":-1}"#, "latency must be a number from 0 to 3600000."),
            (#"{"latency":1,"rules":[{}]}"#, "A rule needs one of code, status and fault."),
            (#"{"rules":[{"status":500,"fault":"close"}]}"#, "A rule needs one of code, status and fault."),
            (#"{"rules":[{"code":"77"}]}"#, "code must be one of the vendor's error codes."),
            (#"{"rules":[{"fault":"fire"}]}"#, "fault must be one of garbage, silence, close."),
            (#"{"rules":[{"status":99}]}"#, "status must be from 200 to 599."),
            (#"{"rules":[{"status":500,"times":0}]}"#, "times must be from 1 to 2147483647."),
            (#"{"rules":[{"status":500,"token":"x"}]}"#, #"A rule has no "token"."#),
            (#"{"rules":[{"prefix":"x","status":500,"accepts":true}]}"#, "A rule with a prefix cannot have accepts."),
        ])
    func wrong(_ text: String, _ message: String) {
        var behaviour = VendorBehaviour()
        #expect(throws: VendorBehaviourJSON.Failure(message)) {
            try VendorBehaviourJSON.apply(ByteBuffer(string: text), to: &behaviour, service)
        }
        #expect(behaviour == VendorBehaviour())
    }
}
