import NIOCore
import Testing

@testable import ApusAPNs

@Suite("LegacyPayload")
struct LegacyPayloadTests {
    private func judge(_ bytes: [UInt8], _ mode: LegacyPayload.Mode = .lenient) -> LegacyPayload.Verdict {
        LegacyPayload.judge(ByteBuffer(bytes: bytes), mode)
    }

    private func judge(_ text: String, _ mode: LegacyPayload.Mode = .lenient) -> LegacyPayload.Verdict {
        judge(Array(text.utf8), mode)
    }

    @Test(
        "what is JSON is left alone",
        arguments: [
            SeedPackets.cPayload, SeedPackets.phpPayload, "{}",
            // PHP before 5.5, with a script that is not UTF-8.
            #"{"aps":{"alert":null,"sound":"default","badage":1}}"#, " {\n} ",
        ])
    func valid(payload: String) {
        #expect(judge(payload, .strict) == .valid)
        #expect(judge(payload, .lenient) == .valid)
    }

    @Test(
        "what old programs do to JSON is mended, if that is wanted",
        arguments: [
            (#"{"a":"x\#ty"}"#, #"{"a":"x\ty"}"#), ("{\"a\":\"x\u{1}\r\n\u{1F}\"}", #"{"a":"x\u0001\r\n\u001f"}"#),
            (#"{"a":"\\"} "# + "\0\0", #"{"a":"\\"} "#), ("\u{FEFF}{}", "{}"),
            ("{\"a\":\"\\\"\u{1}\\\\\",\n\"b\":1}", "{\"a\":\"\\\"\\u0001\\\\\",\n\"b\":1}"),
        ])
    func repaired(payload: String, mended: String) {
        #expect(judge(payload, .strict) == .invalid)
        #expect(judge(payload, .lenient) == .repaired(ByteBuffer(string: mended)))
    }

    @Test("a character that was cut in two by the C program is dropped")
    func halfCharacter() throws {
        let message = Array(String(repeating: "报警", count: 60).utf8)
        let packet = SeedPackets.c(identifier: 0, expiry: 0, message: message)
        #expect(packet.count == 301)
        let payload = Array(packet.suffix(256))
        #expect(judge(payload, .strict) == .invalid)
        let alert = String(repeating: "报警", count: 34) + "报"
        #expect(
            judge(payload)
                == .repaired(ByteBuffer(string: #"{"aps":{"alert":"\#(alert)","badge":1,"sound":"default"}}"#)))
    }

    @Test(
        "what cannot be mended is refused",
        arguments: ["", "hello", "[]", "{", #"{"a":"b}"#, #"{"a":1}}"#, "\0", "null"])
    func invalid(payload: String) {
        #expect(judge(payload) == .invalid)
    }

    @Test("mending does not make a payload longer than APNs takes")
    func tooLong() {
        #expect(judge(#"{"a":""# + String(repeating: "\u{1}", count: 600) + #""}"#) != .invalid)
        #expect(judge(#"{"a":""# + String(repeating: "\u{1}", count: 700) + #""}"#) == .invalid)
    }

    @Test(
        "a payload is silent if it only has something to fetch",
        arguments: [
            (#"{"aps":{"content-available":1}}"#, true), (#"{"x":1,"aps":{"content-available":1,"y":2}}"#, true),
            (#"{"aps":{"content-available":1,"badge":0}}"#, false), (#"{"aps":{"alert":"a"}}"#, false),
            (#"{"aps":{}}"#, false), (#"{"aps":1}"#, false), ("{}", false),
        ])
    func silent(payload: String, isSilent: Bool) {
        #expect(LegacyPayload.isSilent(ByteBuffer(string: payload)) == isSilent)
    }
}
