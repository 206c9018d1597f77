import ApusAPNs
import ApusCore
import NIOCore
import Testing

@Suite("A notification for APNs")
struct APNsNotificationTests {
    private static let token = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0"

    private func notification(
        _ payload: String = #"{"aps":{"alert":"x"}}"#, type: APNsPushType? = nil, token: String = token,
        bundleID: String = "com.example.app", topic: String? = nil, priority: APNsPriority? = nil,
        collapseID: String? = nil, id: String? = nil
    ) throws(ApusError) -> APNsNotification {
        try APNsNotification(
            deviceToken: token, bundleID: bundleID, payload: ByteBuffer(string: payload), pushType: type, topic: topic,
            priority: priority, collapseID: collapseID, id: id)
    }

    /// What is said of a notification that cannot be made.
    private func error(_ make: () throws -> APNsNotification) -> ApusError? {
        do {
            _ = try make()
            return nil
        } catch {
            return error as? ApusError
        }
    }

    @Test(
        "its topic follows from its type",
        arguments: [
            (.alert, "a.b"), (.background, "a.b"), (.location, "a.b.location-query"), (.voip, "a.b.voip"),
            (.complication, "a.b.complication"), (.fileProvider, "a.b.pushkit.fileprovider"),
            (.liveActivity, "a.b.push-type.liveactivity"), (.pushToTalk, "a.b.voip-ptt"),
            (.widgets, "a.b.push-type.widgets"), (.controls, "a.b.push-type.controls"),
        ] as [(APNsPushType, String)])
    func topics(type: APNsPushType, topic: String) throws {
        #expect(try notification(type: type, bundleID: "a.b").topic == topic)
        #expect(try notification(type: type, bundleID: "a.b", topic: "other").topic == "other")
    }

    @Test("the topic of device management must be given")
    func mdm() throws {
        #expect(error { try notification(type: .mdm) }?.message.contains("UID") == true)
        #expect(try notification(type: .mdm, bundleID: "", topic: "com.apple.mgmt.External.1").pushType == .mdm)
    }

    @Test("its priority and expiration follow from its type")
    func derived() throws {
        #expect(try notification(type: .alert).priority == .immediate)
        #expect(try notification(type: .background).priority == .considerate)
        #expect(try notification(type: .widgets).priority == nil)
        #expect(try notification(type: .alert, priority: .passive).priority == .passive)
        #expect(try notification(type: .alert).expiration == .standard)
        #expect(try notification(type: .voip).expiration == .undelayed)
        #expect(try notification(type: .pushToTalk).expiration == .undelayed)
        let error = error { try notification(type: .background, priority: .immediate) }
        #expect(error?.message == "A background notification must have priority 5 or 1.")
    }

    @Test(
        "its type is told from the payload",
        arguments: [
            (#"{"aps":{"alert":"x"}}"#, .alert), (#"{"aps":{"content-available":1}}"#, .background),
            (#"{"aps":{"content-available":1,"badge":1}}"#, .alert), (#"{"aps":{}}"#, .alert),
            (#"{"a":{"b":[1]},"aps":{"sound":"x"}}"#, .alert),
            (#"{"aps":{"timestamp":1,"event":"update","content-state":{},"alert":"x"}}"#, .liveActivity),
            (#"{"aps":{"content-changed":true}}"#, .widgets),
        ] as [(String, APNsPushType)])
    func types(payload: String, type: APNsPushType) throws {
        #expect(try notification(payload).pushType == type)
    }

    @Test("says by how much a payload is too long")
    func size() throws {
        let rest = #"{"aps":{"alert":""}}"#.utf8.count
        func payload(_ bytes: Int) -> String { #"{"aps":{"alert":"\#(String(repeating: "x", count: bytes - rest))"}}"# }
        #expect(try notification(payload(4096)).payload.readableBytes == 4096)
        #expect(try notification(payload(5120), type: .voip).payload.readableBytes == 5120)
        let error = error { try notification(payload(4106)) }
        #expect(error?.kind == .tooLarge)
        #expect(error?.code == "apns_payload_too_large")
        #expect(error?.message.hasPrefix("The payload has 4106 bytes, 10 more than the 4096") == true)
        #expect(self.error { try notification(payload(5121), type: .voip) }?.message.contains("1 more than") == true)
    }

    @Test(
        "says what is wrong with a payload that is none",
        arguments: [
            ("", "empty"), ("hello", "must be a JSON object"), ("[]", "expected an object"), ("{}", "no aps"),
            (#"{"aps":7}"#, "expected an object"), (#"{"aps":{}"#, "must be a JSON object"),
        ])
    func brokenPayload(payload: String, words: String) {
        #expect(error { try notification(payload) }?.message.contains(words) == true)
    }

    @Test("takes device tokens of any length, in lower case")
    func deviceTokens() throws {
        #expect(try notification(token: "AB12").deviceToken == "ab12")
        #expect(try notification(token: Self.token).deviceToken == Self.token)
        let long = String(repeating: "0f", count: 160)
        #expect(try notification(token: long).deviceToken == long)
    }

    @Test("refuses device tokens that are none", arguments: ["", "abc", "xyz0", "ab/12", "ab 1", "äöüß"])
    func wrongTokens(token: String) {
        #expect(error { try notification(token: token) }?.fields.first?.name == "deviceToken")
    }

    @Test("a collapse id may have 64 bytes")
    func collapseID() throws {
        let longest = String(repeating: "ä", count: 32)
        #expect(try notification(collapseID: longest).collapseID == longest)
        for (id, words) in [("a" + longest, "has 65 bytes"), ("", "has 0 bytes"), ("a\r\nb", "control characters")] {
            #expect(error { try notification(collapseID: id) }?.message.contains(words) == true)
        }
    }

    @Test("nothing gets into a header that does not belong there")
    func injection() {
        #expect(error { try notification(bundleID: "a\r\nx: y") } != nil)
        #expect(error { try notification(topic: "a b") } != nil)
        #expect(error { try notification(bundleID: "") } != nil)
    }

    @Test("its id is a UUID, a random one if none is given")
    func ids() throws {
        let id = "123E4567-E89B-12D3-A456-426614174000"
        #expect(try notification(id: id).id == id.lowercased())
        let random = try notification().id
        #expect(random != (try notification().id))
        #expect(random.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil)
        for wrong in ["", "1", "123E4567E89B12D3A456426614174000", "123g4567-e89b-12d3-a456-426614174000"] {
            #expect(error { try notification(id: wrong) }?.fields.first?.name == "id")
        }
    }
}
